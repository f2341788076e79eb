/** The page against the real app and its sandbox. One app serves all of these, for starting one takes as long as many of them. */
import "./auto-redeem.ts";
import "./moments.ts";
import "./outside.ts";
import "./refusals.ts";
import "./steady.ts";
import "./trouble.ts";
import "./killed.ts";
