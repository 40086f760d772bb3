package messenger

import (
	"context"
	"net/http"
	"time"

	"parley/channels"
	"parley/channels/graph"
)

// Limits of the Send API.
const (
	maxText         = 2000 // characters
	maxButtonText   = 640  // characters, of a text with a button template
	maxTitle        = 20   // characters, of a quick reply or a button
	maxPayload      = 1000 // characters
	maxQuickReplies = 13
	maxButtons      = 3 // of a button template or a card
	maxCards        = 10
	maxCardText     = 80 // characters, of a card's title and of its text
	maxImageBytes   = 8 * megabyte
	maxFileBytes    = 25 * megabyte
	pageRate        = 300 // messages a second
	megabyte        = 1 << 20

	maxInMemory = 4 // files that are uploaded at the same time
)

// retryFor is how long a message is retried after failures of class Retry.
const retryFor = 48 * time.Hour

// Channel connects Parley to one Facebook Page: it receives webhooks (hook), sends messages (Send) and reads
// the list of conversations from time to time (Run).
type Channel struct {
	page      string    // the Page's id
	beginsAt  time.Time // when the account was set up; zero if unknown
	env       channels.Env
	graph     *graph.Client
	hook      *graph.Hook   // receives webhooks
	uploads   *uploads      // the files that were uploaded recently
	fileSlots chan struct{} // a semaphore: an element for each file in memory

	newcomer chan struct{} // asks Run to poll early, for a name that no profile has
	profiles *profiles     // the customers whose names are requested

	fetchWaits []time.Duration       // fetchWaits(), or shorter in tests
	pause      func(context.Context) // waitForPoll; tests replace it
}

var (
	_ channels.Channel   = (*Channel)(nil)
	_ channels.Webhook   = (*Channel)(nil)
	_ channels.Checker   = (*Channel)(nil)
	_ channels.Fetcher   = (*Channel)(nil)
	_ channels.Attendant = (*Channel)(nil)
	_ channels.Measurer  = (*Channel)(nil)
)

// Capabilities implements channels.Channel.
func (c *Channel) Capabilities() channels.Capabilities {
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
		Rich:         channels.RichLimits{Buttons: maxQuickReplies, Carousel: maxCards},
		MaxTextRunes: maxText,
		Sending:      channels.Sending{RetryFor: retryFor, Timeout: time.Minute, Rate: pageRate, References: true},
		Hold:         channels.HoldChat,
	}
}

// ServeHTTP implements channels.Webhook.
func (c *Channel) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.hook.ServeHTTP(w, r) }
