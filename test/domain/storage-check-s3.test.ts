import { describe, expect, it } from "vitest";
import { checkS3Config, checkS3Secret } from "../../server/domain/storage-check-s3.ts";

const request = { bucket: "shop-backups", accessKeyId: "AKIDEXAMPLE" };
const refusal = (reason: string) => expect.objectContaining({ code: "BAD_USER_INPUT", reason });

describe("an S3 storage as it is entered", () => {
  it("is Amazon's own with the bucket in the host name when only the bucket and the key are given", () => {
    expect(checkS3Config(request)).toEqual({
      bucket: "shop-backups",
      prefix: "",
      region: "us-east-1",
      endpoint: null,
      accessKeyId: "AKIDEXAMPLE",
      forcePathStyle: false,
    });
  });

  it("has the bucket in the path at a server of one's own, and where a dot in its name would break the certificate", () => {
    expect(checkS3Config({ ...request, endpoint: "http://minio.lan:9000/" })).toMatchObject({
      endpoint: "http://minio.lan:9000",
      forcePathStyle: true,
    });
    expect(checkS3Config({ ...request, bucket: "shop.example.com" }).forcePathStyle).toBe(true);
    expect(checkS3Config({ ...request, endpoint: "https://s3.example.com", forcePathStyle: false }).forcePathStyle).toBe(false);
  });

  it.each([
    ["https://s3.eu-central-1.amazonaws.com", "eu-central-1"],
    ["https://s3.eu-central-003.backblazeb2.com", "eu-central-003"],
    ["https://s3.nl-ams.example.com", "us-east-1"],
    ["https://0a1b.r2.cloudflarestorage.com", "auto"],
  ])("takes the region of %s from its name where it says one", (endpoint, region) => {
    expect(checkS3Config({ ...request, endpoint }).region).toBe(region);
    expect(checkS3Config({ ...request, endpoint, region: "mars-1" }).region).toBe("mars-1");
  });

  it.each([
    "ab",
    "a".repeat(64),
    "Shop",
    "shop_backups",
    "shop/backups",
    "..",
    "a..b",
    "a.-b",
    "-shop",
    "shop-",
    "192.168.1.1",
    "xn--shop",
    "shop\n",
    "",
  ])("refuses the bucket %j", (bucket) => {
    expect(() => checkS3Config({ ...request, bucket })).toThrow(refusal("BUCKET"));
  });

  it.each([
    ["/backups/shop/", "backups/shop"],
    ["  ", ""],
    ["/", ""],
    ["säulen/2026 märz", "säulen/2026 märz"],
  ])("takes the prefix %j as %j", (prefix, kept) => {
    expect(checkS3Config({ ...request, prefix }).prefix).toBe(kept);
  });

  it.each(["..", "a/../b", "./a", "a//b", "//", "a\\b", "a\nb", "a\n", "a\0", "a\u0085b", "a\u2028b", "\ud800", "x".repeat(513)])(
    "refuses the prefix %j",
    (prefix) => {
      expect(() => checkS3Config({ ...request, prefix })).toThrow(refusal("PREFIX"));
    },
  );

  it.each([
    "file:///etc/passwd",
    "s3.example.com",
    "gopher://example.com",
    "https://user:secret@example.com",
    "https://example.com/bucket",
    "https://example.com/?x",
    "https://shop-backups.s3.example.com",
    "https://exa mple.com",
  ])("refuses the endpoint %s", (endpoint) => {
    expect(() => checkS3Config({ ...request, endpoint })).toThrow(refusal("ENDPOINT"));
  });

  it("refuses what could not be signed, and shows nothing of a secret", () => {
    for (const accessKeyId of ["", "two words", "a/b", "a,b", "a\nb"])
      expect(() => checkS3Config({ ...request, accessKeyId })).toThrow(refusal("ACCESS_KEY_ID"));
    expect(() => checkS3Config({ ...request, region: "eu central" })).toThrow(refusal("REGION"));
    expect(checkS3Secret(" wJalrXUtnFEMI/K7MDENG\n")).toBe("wJalrXUtnFEMI/K7MDENG");
    expect(() => checkS3Secret("s3cret words")).toThrow(
      expect.objectContaining({ reason: "SECRET_ACCESS_KEY", message: expect.not.stringContaining("s3cret") }),
    );
  });
});
