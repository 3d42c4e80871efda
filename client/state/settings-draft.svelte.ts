import type { SettingsInput, SettingsPartsFragment } from "../graphql/generated.ts";
import {
  fieldOf,
  isLimit,
  limitNames,
  listed,
  type Origin,
  type SettingName,
  type SettingTexts,
  settingFaults,
  textsOf,
} from "../lib/settings-words.ts";

/** The settings being edited. A section saves its own names; what others changed meanwhile is taken in where nothing was typed. */
export class SettingsDraft {
  stored = $state.raw<SettingsPartsFragment>() as SettingsPartsFragment;
  texts = $state<SettingTexts>() as SettingTexts;
  readonly faults = $derived(settingFaults(this.texts));
  readonly #kept = $derived(textsOf(this.stored));
  readonly #names: readonly SettingName[];

  constructor(settings: SettingsPartsFragment) {
    this.stored = settings;
    this.texts = textsOf(settings);
    this.#names = Object.keys(this.texts) as SettingName[];
  }

  get dirty(): boolean {
    return this.changed(this.#names).length > 0;
  }

  changed(names: readonly SettingName[]): SettingName[] {
    return names.filter((name) => this.texts[name] !== this.#kept[name]);
  }

  originOf(name: SettingName): Origin | undefined {
    return this.stored.origins.find((origin) => origin.name === fieldOf(name));
  }

  /** Takes in what the server has now; a field that was typed into keeps its text. */
  take(settings: SettingsPartsFragment) {
    const untouched = this.#names.filter((name) => this.texts[name] === this.#kept[name]);
    this.stored = settings;
    this.revert(untouched);
  }

  revert(names: readonly SettingName[]) {
    const kept = textsOf(this.stored);
    this.texts = { ...this.texts, ...Object.fromEntries(names.map((name) => [name, kept[name]])) };
  }

  /** What is asked of the server to make these as they are typed. */
  input(names: readonly SettingName[]): SettingsInput {
    const changed = this.changed(names);
    const input = Object.assign({}, ...changed.filter((name) => !isLimit(name)).map((name) => this.#asked(name))) as SettingsInput;
    if (!changed.some(isLimit)) return input;
    return { ...input, retention: Object.fromEntries(limitNames.map((name) => [name, this.texts[name]])) };
  }

  #asked(name: SettingName): SettingsInput {
    const { texts } = this;
    if (name === "notificationEmails" || name === "allowedEndpoints" || name === "recoveryRecipients")
      return { [name]: listed(texts[name]) };
    if (name === "toolsPath" || name === "mailFrom") return { [name]: texts[name].trim() };
    if (name === "digestDay") return { digestDay: Number(texts.digestDay) };
    // An age of none is said as 0.
    if (name === "targetBackupAgeHours" || name === "targetProofAgeHours") return { [name]: texts[name] ?? 0 };
    return { [name]: texts[name] };
  }
}
