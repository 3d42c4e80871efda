/** What to start from for a provider of S3-compatible storage: each names its addresses in its own way. */
export interface Provider {
  readonly value: string;
  readonly label: string;
  /** `REGION` stands for the region; empty: Amazon's own, which needs none. */
  readonly endpoint: string;
  readonly region: string;
  readonly regionHint: string;
  readonly forcePathStyle: boolean;
  /** What people stumble over. */
  readonly note: string;
}

export const providers: readonly Provider[] = [
  {
    value: "aws",
    label: "Amazon S3",
    endpoint: "",
    region: "eu-central-1",
    regionHint: "The bucket's own region, such as eu-central-1.",
    forcePathStyle: false,
    note: "Make a user with access to this one bucket, and an access key for it.",
  },
  {
    value: "minio",
    label: "MinIO",
    endpoint: "https://minio.example.org:9000",
    region: "us-east-1",
    regionHint: "us-east-1 unless your MinIO says otherwise.",
    forcePathStyle: true,
    note: "The address of the API, not of the console. One in your own network is first allowed in Settings, under Notifications.",
  },
  {
    value: "b2",
    label: "Backblaze B2",
    endpoint: "https://s3.REGION.backblazeb2.com",
    region: "eu-central-003",
    regionHint: "The part of the bucket's endpoint after “s3.”, such as eu-central-003.",
    forcePathStyle: false,
    note: "The access key is the keyID of an application key; the master key does not work here.",
  },
  {
    value: "r2",
    label: "Cloudflare R2",
    endpoint: "https://ACCOUNT_ID.r2.cloudflarestorage.com",
    region: "auto",
    regionHint: "Always auto.",
    forcePathStyle: false,
    note: "Write your account's id into the endpoint, and make an R2 API token with “Object Read & Write”.",
  },
  {
    value: "wasabi",
    label: "Wasabi",
    endpoint: "https://s3.REGION.wasabisys.com",
    region: "eu-central-1",
    regionHint: "The bucket's own region, such as eu-central-1.",
    forcePathStyle: false,
    note: "Wasabi bills each object for 90 days at least: keep backups about that long.",
  },
  {
    value: "hetzner",
    label: "Hetzner Object Storage",
    endpoint: "https://REGION.your-objectstorage.com",
    region: "fsn1",
    regionHint: "Where the bucket was made: fsn1, nbg1 or hel1.",
    forcePathStyle: false,
    note: "The keys are made in the Hetzner console, under Security, S3 credentials.",
  },
  {
    value: "other",
    label: "Another provider",
    endpoint: "https://",
    region: "us-east-1",
    regionHint: "As the provider says; us-east-1 where it says nothing.",
    forcePathStyle: true,
    note: "Ask the provider for the endpoint of its S3 API.",
  },
];

const [amazon] = providers;

/** The provider of this word; the one that asks for everything where there is none. */
export const providerNamed = (value: string): Provider => providers.find((provider) => provider.value === value) ?? lastOf(providers);

const lastOf = (list: readonly Provider[]): Provider => list.at(-1) ?? (amazon as Provider);

/** Where a provider's storage of this region is asked. */
export const endpointOf = (provider: Provider, region: string): string =>
  provider.endpoint.replace("REGION", region.trim() || provider.region);

/** Whose endpoint this is, as far as its name tells. */
export function providerOf(endpoint: string | null): Provider {
  if (!endpoint) return providerNamed("aws");
  const ends = [
    [".backblazeb2.com", "b2"],
    [".r2.cloudflarestorage.com", "r2"],
    [".wasabisys.com", "wasabi"],
    [".your-objectstorage.com", "hetzner"],
  ] as const;
  return providerNamed(ends.find(([end]) => endpoint.includes(end))?.[1] ?? "other");
}

/** What is wrong with an endpoint as it is typed; null when nothing is. */
export function endpointFault(endpoint: string): string | null {
  if (endpoint.includes("ACCOUNT_ID")) return "Write your account's id in the place of ACCOUNT_ID.";
  if (endpoint !== "" && !/^https?:\/\/[^/\s]+\/?$/.test(endpoint))
    return "Write an address such as https://s3.example.org, without a path.";
  return null;
}
