package email

import (
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"

	"parley/channels/email/mailbox"
	"parley/channels/email/message"
)

// process is what all mailboxes of one process share: objects that are slow to make or large, and
// limits for all mailboxes together. It is safe for concurrent use.
type process struct {
	*mailbox.Limits
	policy   func() *bluemonday.Policy // made at the first call
	markdown func() goldmark.Markdown  // made at the first call
}

func newProcess() *process {
	return &process{
		Limits:   mailbox.NewLimits(),
		policy:   sync.OnceValue(message.NewPolicy),
		markdown: sync.OnceValue(message.NewRenderer),
	}
}
