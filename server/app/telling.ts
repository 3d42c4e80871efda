import { createAlerts } from "../services/alerts.ts";
import { createChannels } from "../services/channels.ts";
import { createDeliveries } from "../services/deliveries.ts";
import { createDigest } from "../services/digest.ts";
import { followBeginnings } from "../services/heartbeats.ts";
import { createSending } from "../services/sending.ts";
import type { Ground } from "./ground.ts";
import type { Storing } from "./storing.ts";

/** How people are told: the channels, what is sent over them and when it went out. */
export function wireTelling(ground: Ground, { storages }: Storing) {
  const { db, bus, audit, secrets, conceal, owned, now, onError } = ground;
  const sending = createSending({ secrets, conceal, settings: owned, publicUrl: ground.dashboardUrl, now });
  const deliveries = createDeliveries({ db, bus, audit, settings: owned, sending, now, onError });
  return {
    sending,
    deliveries,
    channels: createChannels({ db, bus, audit, settings: owned, sending, now }),
    alerts: createAlerts({ db, bus, settings: owned, deliveries, storages, now }),
    digest: createDigest({ db, bus, settings: owned, deliveries, now }),
    heartbeats: followBeginnings({ db, bus, sending, onError }),
  };
}
export type Telling = ReturnType<typeof wireTelling>;
