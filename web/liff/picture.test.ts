import { expect, test } from "vitest";
import { sourcesOf } from "./picture.ts";

test("a picture of ours is loaded in the width that its place needs", () => {
  expect(sourcesOf("/images/spring/a.png")).toEqual({
    src: "/images/spring/a.png?w=640",
    srcset:
      "/images/spring/a.png?w=120 120w,/images/spring/a.png?w=320 320w,/images/spring/a.png?w=640 640w,/images/spring/a.png?w=1280 1280w",
  });
});

test.each(["https://img.example/a.png", "/logo.png"])("%s is loaded as it is", (image) => {
  expect(sourcesOf(image)).toEqual({ src: image });
});
