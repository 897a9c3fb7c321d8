/** What users need to test code that runs on Holdfast's policies. */
export { VirtualClock, type VirtualClockOptions } from './virtual-clock.ts';
