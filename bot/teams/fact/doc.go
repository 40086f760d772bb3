// Package fact defines how Parley stores events of Teams in its journal. A fact has a Payload around Teams' own bytes,
// an id that is the same whenever and from wherever Parley learns of the event, and the order key of its thread. Decode
// turns a fact into actions. The package is pure (no network, no clock), so that applying a fact again gives the same
// result.
//
// What does not belong here: which events are genuine and concern Parley (bot/teams), the formats of cards and texts
// (bot/teams/card), and the meaning of words (bot/command).
package fact
