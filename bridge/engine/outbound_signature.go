package engine

import (
	"context"
	"io"

	"parley/channels"
	"parley/store"
	"parley/store/blob"
)

// SignatureOf returns the signature of a reply: in mail, whose channels have threads, the author's own if there is one,
// else the account's. In chats it is always the account's, because a person's signature is made for letters, and each
// text of an SMS is paid for. Sending and counting both call it, so that no text is longer than people were told.
// A further address of the account may have one of its own, which then stands in place of both. author may be nil.
func SignatureOf(account *store.Account, via string, author *store.Agent, threads bool) (markdown string, rich *store.RichSignature) {
	if own := account.Alias(via).Signature; own != "" {
		return own, nil
	}
	if threads && hasSignature(author) {
		return author.Signature, author.RichSignature
	}
	return account.Signature, account.RichSignature
}

// hasSignature reports whether an agent has a signature of their own. agent may be nil.
func hasSignature(agent *store.Agent) bool {
	if agent == nil {
		return false
	}
	return agent.Signature != "" || agent.RichSignature != nil
}

// sign puts the signature below a reply; author may be nil.
func (e *Sender) sign(out *channels.Outbound, account *store.Account, author *store.Agent, threads bool) {
	text, rich := SignatureOf(account, out.From, author, threads)
	out.Signature.Text = text
	if rich == nil {
		return
	}
	out.Signature.HTML = rich.HTML
	for _, p := range rich.Pictures {
		open := func(ctx context.Context) (io.ReadCloser, error) {
			return blob.Open(ctx, e.Pool, e.Objects, p.Blob)
		}
		out.Signature.Pictures = append(out.Signature.Pictures, channels.Picture{ContentID: p.ContentID,
			File: channels.File{Name: p.Name, ContentType: p.ContentType, SizeBytes: p.SizeBytes, Open: open}})
	}
}
