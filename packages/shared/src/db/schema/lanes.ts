import type { GeneratedAlways, Selectable } from 'kysely';

export interface LaneTable {
  id: GeneratedAlways<number>;
  tenant: string;
  entity_key: string;
  next_seq: number;
}
export type LaneRow = Selectable<LaneTable>;
