export interface Settings {
  readonly retention: object;
  readonly defaultStorage: { readonly id: string; readonly name: string } | null;
  readonly origins: readonly { readonly name: string; readonly origin: string; readonly environmentName: string | null }[];
  readonly [name: string]: unknown;
}

const settingFields = `retentionDays autoCleanup compression compressionLevel emailNotifications notificationEmails notifyOnSuccess notifyOnFailure
  retention { days keepLast keepDaily keepWeekly keepMonthly keepYearly } mailFrom mailServer weeklyDigest digestDay timeZone toolsPath
  concurrency concurrencyPerSource storageLowPercent sizeAnomalyPercent targetBackupAgeHours targetProofAgeHours allowedEndpoints encryptBackups
  recoveryRecipients historyDays
  defaultStorage { id name } origins { name origin environmentName updatedAt actor }`;

export const settingsDocument = `{ settings { ${settingFields} } }`;
export const updateSettingsDocument = `mutation ($input: SettingsInput!) { updateSettings(input: $input) { ${settingFields} } }`;
export const resetSettingsDocument = `mutation ($names: [String!]!) { resetSettings(names: $names) { ${settingFields} } }`;

export const exportDocument = "mutation ($passphrase: String) { exportConfiguration(passphrase: $passphrase) { filename content } }";
export const importDocument = `mutation ($content: String!, $passphrase: String, $dryRun: Boolean) {
  importConfiguration(content: $content, passphrase: $passphrase, dryRun: $dryRun) { created changed unchanged problems applied } }`;

export interface ImportPlan {
  readonly created: readonly string[];
  readonly changed: readonly string[];
  readonly unchanged: readonly string[];
  readonly problems: readonly string[];
  readonly applied: boolean;
}

export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly target: string;
  readonly active: boolean;
}

export const channelsDocument = "{ notificationChannels { id name kind target active } }";
const tested = "{ ok message hint }";
export const testChannelDocument = `mutation ($id: ID) { result: testNotificationChannel(id: $id) ${tested} }`;
export const testEmailDocument = `mutation { result: testEmail ${tested} }`;

export interface Tested {
  readonly result: { readonly ok: boolean; readonly message: string; readonly hint: string | null };
}
