import type { Authenticity } from "../../shared/enums.ts";
import type { Labels } from "../domain/labels.ts";

/** Proves on a storage who wrote what lies beside the artifacts, and finds out whether it is what was written. */
export interface Signing {
  /** The labels with their proof. */
  sign(labels: Omit<Labels, "authentication">): Promise<Labels>;
  /** Of labels as they were read. */
  judgeLabels(labels: Labels): Promise<Authenticity>;
  /** Of a manifest as it lies in `folder`. */
  judgeManifest(text: string, folder: string): Promise<Authenticity>;
}
