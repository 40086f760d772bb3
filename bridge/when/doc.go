// Package when reads times in people's words: "2h", "tomorrow", "friday 14:00",
// "24.12. 9:00", "morgen".
//
// What does not belong here: durations of settings, schedules, clocks.
package when
