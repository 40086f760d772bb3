package channelstest

import (
	"time"

	"parley/channels"
)

// ChatLike are the capabilities of a chat: one conversation per customer.
func ChatLike() channels.Capabilities {
	return channels.Capabilities{
		Start:        channels.StartFree,
		Receipts:     channels.Receipts{Delivered: channels.Full, Read: channels.Full},
		Files:        channels.FileRules{PerMessage: 1, MaxBytes: 1 << 20},
		MaxTextRunes: 4000,
		Sending:      channels.Sending{RetryFor: 48 * time.Hour, Timeout: 2 * time.Second},
	}
}

// MailLike are the capabilities of mail: threads of its own, several recipients.
func MailLike() channels.Capabilities {
	caps := ChatLike()
	caps.Threads = true
	caps.Subject = true
	caps.Participants = true
	caps.RichText = channels.Full
	caps.MaxTextRunes = 0
	caps.Files.PerMessage = 20
	caps.Sending.References = true
	return caps
}
