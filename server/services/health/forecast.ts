import type { HealthCheck } from "../../domain/health.ts";
import type { StatisticsService } from "../statistics.ts";
import { about, type HealthGroup } from "./look.ts";
import { looker } from "./sources.ts";

interface Dependencies {
  readonly statistics: Pick<StatisticsService, "read">;
  readonly now: () => Date;
}

const soonDays = 14;
const day = 86_400_000;

/** When storages are full if they go on growing as they do. */
export const forecastHealth = ({ statistics, now }: Dependencies): HealthGroup => ({
  name: "forecast",
  looks: async () => [
    {
      ...{ check: "storage.forecast", subject: "Storages", subjectId: null, place: "/statistics" },
      look: async () => {
        const { byStorage } = await statistics.read(looker);
        return byStorage.flatMap(({ storage, fullAt }): HealthCheck[] => {
          if (!fullAt || fullAt.getTime() - now().getTime() > soonDays * day) return [];
          const say = about({ subject: `Storage ${storage.name}`, subjectId: storage.id, place: `/storages/${storage.id}` });
          return [
            say(
              "storage.forecast",
              "WARNING",
              `It will be full around ${fullAt.toISOString().slice(0, 10)} if it goes on growing as it does.`,
              {
                hint: "Make room before that, or keep fewer backups.",
              },
            ),
          ];
        });
      },
    },
  ],
});
