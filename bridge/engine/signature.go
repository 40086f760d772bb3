package engine

import (
	"context"
	"io"

	"parley/channels"
	"parley/store"
)

// signature gives the signature of a reply: in mail the author's own if there is one, else the account's.
// Sending and counting both call it, so that no text is longer than people were told. Chats only have
// the account's, because a person's signature is made for letters, and each text of an SMS is paid for.
// author may be nil.
func (e *Engine) signature(account *store.Account, author *store.Agent) (markdown string, rich *store.RichSignature) {
	if author != nil && (author.Signature != "" || author.RichSignature != nil) && e.caps(account.ID).Threads {
		return author.Signature, author.RichSignature
	}
	return account.Signature, account.RichSignature
}

// sign puts the signature below a reply.
func (e *Engine) sign(out *channels.Outbound, account *store.Account, author *store.Agent) {
	var rich *store.RichSignature
	if out.Signature, rich = e.signature(account, author); rich == nil {
		return
	}
	out.SignatureHTML = rich.HTML
	for _, p := range rich.Pictures {
		open := func(ctx context.Context) (io.ReadCloser, error) {
			return store.OpenBlob(ctx, e.pool, e.opt.Objects, p.Blob)
		}
		out.SignaturePictures = append(out.SignaturePictures, channels.Picture{ContentID: p.ContentID,
			File: channels.File{Name: p.Name, ContentType: p.ContentType, SizeBytes: p.SizeBytes, Open: open}})
	}
}
