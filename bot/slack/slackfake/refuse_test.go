package slackfake_test

import (
	"net/url"
)

// Slack refuses wrong calls with error codes such as "channel_not_found". These tests check that the emulator
// refuses the same calls with the same codes.

// refusal is a call that Slack answers with an error.
type refusal struct {
	name   string
	method string
	args   url.Values
	want   string // Slack's error
}
