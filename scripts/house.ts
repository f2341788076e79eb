/** Where a running app, its sandbox, its keys and its state are. */
export interface House {
  readonly appOrigin: string;
  readonly sandboxOrigin: string;
  readonly keysDir: string;
  readonly persistTo: string;
}
