import { Field, InputType, Int } from "type-graphql";

@InputType()
export class DatabaseInput {
  @Field(() => String, { nullable: true }) host?: string | null;
  @Field(() => Int, { nullable: true }) port?: number | null;
  @Field(() => String) user!: string;
  @Field(() => String, { nullable: true }) password?: string | null;
  @Field(() => String) database!: string;
  @Field(() => String, { nullable: true }) socketPath?: string | null;
  @Field(() => Boolean, { nullable: true }) tls?: boolean | null;
}

@InputType()
export class SourceInput {
  @Field(() => String) name!: string;
  @Field(() => DatabaseInput, { nullable: true }) database?: DatabaseInput | null;
  @Field(() => [String], { nullable: true }) mediaPaths?: string[] | null;
  @Field(() => [String], { nullable: true }) excludePatterns?: string[] | null;
  @Field(() => Int, { nullable: true, description: "Null: as the settings say; 0: no target; left out: as it was." })
  targetBackupAgeHours?: number | null;
  @Field(() => Int, { nullable: true, description: "Null: as the settings say; 0: no target; left out: as it was." })
  targetProofAgeHours?: number | null;
}
