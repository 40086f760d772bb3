package meta

import (
	"context"
	"time"

	"parley/channels"
)

// Limits of the Send API.
const (
	maxText         = 2000 // characters
	maxButtonText   = 640  // characters, of a text with a button template
	maxPageTitle    = 20   // characters, of a quick reply or a button
	maxPayload      = 1000 // characters
	maxQuickReplies = 13
	maxPageCards    = 10
	maxCardText     = 80 // characters, of a card's title and of its text
	maxImageBytes   = 8 * megabyte
	maxFileBytes    = 25 * megabyte
	pageRate        = 300 // messages a second
)

// pageRetryFor is how long a message is retried after failures of class Retry.
const pageRetryFor = 48 * time.Hour

// Page connects Parley to one Facebook Page: it receives webhooks (hook), sends messages (Send) and reads
// the list of conversations from time to time (Run).
type Page struct {
	account

	beginsAt time.Time // when the account was set up; zero if unknown
	uploaded *uploads  // the files that were uploaded recently

	newcomer chan struct{} // asks Run to poll early, for a name that no profile has
	profiles *profiles     // the customers whose names are requested

	fetchWaits []time.Duration       // fetchWaits(), or shorter in tests
	pause      func(context.Context) // waitForPoll; tests replace it
}

var (
	_ channels.Channel   = (*Page)(nil)
	_ channels.Webhook   = (*Page)(nil)
	_ channels.Checker   = (*Page)(nil)
	_ channels.Fetcher   = (*Page)(nil)
	_ channels.Attendant = (*Page)(nil)
	_ channels.Measurer  = (*Page)(nil)
)

// Capabilities implements channels.Channel.
func (c *Page) Capabilities() channels.Capabilities {
	return channels.Capabilities{
		RichText:  channels.Unsupported,
		Reactions: channels.Partial, // customers' reactions are shown; agents' aren't sent
		Receipts:  channels.Receipts{Read: channels.Full, Delivered: channels.Full},
		Window:    channels.ReplyWindow{Free: replyWindow, Human: humanWindow},
		Start:     channels.StartNever,
		ReplyTo:   channels.Full,
		Files: channels.FileRules{
			Captions: channels.Unsupported,
			Limits: channels.FileLimits{channels.FileImage: maxImageBytes, channels.FileVideo: maxFileBytes,
				channels.FileAudio: maxFileBytes, channels.FileDocument: maxFileBytes},
			PerMessage: 1,
			MaxBytes:   maxFileBytes,
		},
		Rich:         channels.RichLimits{Buttons: maxQuickReplies, Carousel: maxPageCards},
		MaxTextRunes: maxText,
		Sending:      channels.Sending{RetryFor: pageRetryFor, Timeout: time.Minute, Rate: pageRate, References: true},
		Hold:         channels.HoldChat,
	}
}
