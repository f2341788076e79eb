/** What UTF-16 files begin with; no UTF-8 file has these bytes anywhere. */
const UTF16_MARKS: readonly (number | undefined)[] = [0xfe, 0xff];

/** Whether a file is UTF-16, by its first bytes. Without a mark every other byte of plain letters is zero, and neither JSON nor CSV begins with a zero. */
export function isUtf16(bytes: Uint8Array): boolean {
  return UTF16_MARKS.includes(bytes[0]) || bytes[0] === 0 || bytes[1] === 0;
}
