import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Holds most of what is tested in a browser, and is itself a short list of files: by its size it would come last, and everybody would wait for it. */
const LONGEST = "/test/page/page.test.ts";

/** As Vitest sorts, by what took long the last time or else by size; but for the file that it cannot judge. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLongest = ({ moduleId }: TestSpecification) => moduleId.endsWith(LONGEST);
    return [...sorted.filter(isLongest), ...sorted.filter((file) => !isLongest(file))];
  }
}
