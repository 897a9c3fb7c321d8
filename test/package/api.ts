/**
 * Holds the public types of each entry to their report in docs/api-report: nothing changes there unnoticed.
 *
 *     node test/package/api.ts            fails where a report is out of date
 *     node test/package/api.ts --update   writes them anew
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';

const update = process.argv.includes('--update');
const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  exports: Record<string, { import: { types: string } } | string>;
};

for (const [path, entry] of Object.entries(exports)) {
  if (typeof entry === 'string') continue;
  const name = ['holdfast', ...path.split('/').slice(1)].join('-');
  const file = resolve('api-extractor.json');
  const configObject = ExtractorConfig.loadFile(file);
  configObject.mainEntryPointFilePath = resolve(entry.import.types);
  configObject.apiReport!.reportFileName = `${name}.api.md`;
  const config = ExtractorConfig.prepare({
    configObject,
    configObjectFullPath: file,
    packageJsonFullPath: resolve('package.json'),
  });
  if (!Extractor.invoke(config, { localBuild: update }).succeeded) process.exitCode = 1;
}
