import { expect, test } from "vitest";
import { refuseAddress } from "./address.ts";

const production = { development: false, ownOrigin: "https://kuji.example.com" };
const development = { development: true, ownOrigin: "http://localhost:8787" };

test.each(["https://partner.example.com/hooks", "https://example.com/", "https://例え.jp/kuji?tenant=3", "https://a.b.c.example.com."])(
  "%s is taken",
  (url) => {
    expect(refuseAddress(url, production)).toBeNull();
    expect(refuseAddress(url, development)).toBeNull();
  },
);

test.each([
  "http://partner.example.com/hooks",
  "ftp://partner.example.com/hooks",
  "partner.example.com/hooks",
  "https://partner.example.com:8443/hooks",
  "https://user:secret@partner.example.com/hooks",
  "https://partner.example.com/#hooks",
  "https://kuji.example.com/hooks",
  "https://localhost/hooks",
  "https://localhost./hooks",
  "https://router/hooks",
  "https://metadata.google.internal/",
  "https://printer.local/",
  "https://127.0.0.1/",
  "https://10.0.0.8/",
  "https://169.254.169.254/latest/meta-data",
  "https://8.8.8.8/",
  "https://2130706433/",
  "https://0x7f000001/",
  "https://0177.0.0.1/",
  "https://127.1/",
  "https://１２７.0.0.1/",
  "https://[::1]/",
  "https://[::ffff:10.0.0.1]/",
  "https://[fd00::1]/",
  `https://partner.example.com/${"x".repeat(2_000)}`,
  "",
])("%s is refused", (url) => {
  expect(refuseAddress(url, production)).toEqual(expect.any(String));
});

test("only in development loopback is taken, and only loopback over plain HTTP", () => {
  for (const url of ["http://localhost:8788/partner/demo", "http://127.0.0.1:8788/", "http://[::1]:9/"]) {
    expect(refuseAddress(url, development)).toBeNull();
    expect(refuseAddress(url, production)).not.toBeNull();
  }
  expect(refuseAddress("http://192.168.0.1/", development)).not.toBeNull();
});
