// Package fact is what the journal keeps of what Teams tells: a Payload around Teams' own bytes, under an
// id that is the same however often and by whom the fact is told, and with the order key of its thread.
// Decode turns it into a bridge.Action. All of it is pure: no network, no clock, so that an event that is
// applied again says the same.
//
// What does not belong here: who may tell us something and whether it concerns us (bot/teams), how cards
// and texts are written down (bot/teams/card), what words mean (bot/command).
package fact
