type Json = Record<string, unknown>;

const errors = {
  default: { description: "Refused or failed.", content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } } },
};
const id = { name: "id", in: "path", required: true, schema: { type: "string" } };
const answerOf = (name: string) => ({ "application/json": { schema: { $ref: `#/components/schemas/${name}` } } });

/** What is there beside that which is generated. */
export const extraPaths: Readonly<Record<string, Record<string, Json>>> = {
  "/restores/upload_and_restore": {
    post: {
      operationId: "uploadAndRestore",
      summary: "Sends a dump, an archive of media, or one of each, and restores it: the fields stand before the files.",
      tags: ["restores"],
      requestBody: {
        required: true,
        content: {
          "multipart/form-data": {
            schema: {
              type: "object",
              required: ["files"],
              properties: {
                type: { type: "string", enum: ["DATABASE", "MEDIA", "FULL"], description: "All that the files hold when left out." },
                mode: { type: "string", enum: ["REPLACE", "OVERWRITE", "PRESERVE"] },
                name: { type: "string" },
                target: { type: "string", description: "The source to restore into; may be left out where there is only one." },
                targetDatabase: { type: "string" },
                backupBeforeRestore: { type: "boolean" },
                staged: { type: "boolean" },
                skipBinaryLog: { type: "boolean", description: "Stays out of the binary log of the target's server; false when left out." },
                files: { type: "array", items: { type: "string", format: "binary" } },
              },
            },
          },
        },
      },
      responses: { 202: { description: "The restore has begun.", content: answerOf("Restore") }, ...errors },
    },
  },
  "/schedules/{id}": {
    patch: {
      operationId: "changeSchedule",
      summary: "Changes what is given of a schedule, and leaves the rest.",
      tags: ["schedules"],
      parameters: [id],
      requestBody: { required: true, content: { "application/json": { schema: { type: "object" } } } },
      responses: { 200: { description: "Done.", content: answerOf("Schedule") }, ...errors },
    },
  },
};
