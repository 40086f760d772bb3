package app

import (
	"context"
	"net/http"

	"parley/channels"
	"parley/cmd/parley/site"
	"parley/store"
)

// Retain does one run of retention now.
func (a *App) Retain(ctx context.Context) { a.retain.Turn(ctx) }

// CheckSlack asks Slack about tokens that somebody typed.
func (a *App) CheckSlack(ctx context.Context, botToken, appToken string) []channels.Finding {
	_, found := a.identifyChat(ctx, kindSlack, map[string]string{site.SlackBotToken: botToken, site.SlackAppToken: appToken})
	return found
}

// Files returns the handler of outgoing files, and of the original of a mail, with keys, what makes the
// addresses of files, and what signs any text.
func Files(
	base string, keys [][]byte, open func(context.Context, store.MessageID, string) (channels.File, error),
) (http.HandlerFunc, func(store.MessageID, string) string, func(string) string) {
	l := &links{base: base, keys: keys, open: open}
	l.html = func(context.Context, store.MessageID) (string, error) { return "<p>A mail", nil }
	return l.serve, l.fileAddress, func(text string) string { return l.sign(keys[0], text) }
}
