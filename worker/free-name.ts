/** Whether objects may have this as a key beside those that every object has, such as `constructor`. */
export function isFreeName(name: string): boolean {
  return !(name in Object.prototype);
}
