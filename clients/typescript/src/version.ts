/** The release of this client. */
export const VERSION = "0.3.0";
