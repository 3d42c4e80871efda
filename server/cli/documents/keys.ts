export interface EncryptionKey {
  readonly id: string;
  readonly recipient: string;
  readonly current: boolean;
  readonly createdAt: string | null;
  readonly kitMadeAt: string | null;
  readonly backups: number;
}

export const keysDocument = "{ encryptionKeys { id recipient current createdAt kitMadeAt backups } }";
