/** What users need to test code that runs on Holdfast's policies, and policies of their own. */
export { assertContract, type ContractCase } from './contract/contract.ts';
export { type GateContractOptions, gateContract } from './contract/gate-contract.ts';
export { type LayerContractOptions, layerContract } from './contract/layer-contract.ts';
export type { AsyncStorage } from './contract/layer-manners.ts';
export { VirtualClock, type VirtualClockOptions } from './virtual-clock.ts';
