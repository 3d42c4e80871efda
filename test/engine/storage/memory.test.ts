import { storageContract } from "../../contracts/storage.ts";
import { memoryStorage } from "../../support/memory-storage.ts";

storageContract("memory", async () => memoryStorage());
