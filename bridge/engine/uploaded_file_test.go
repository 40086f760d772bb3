package engine_test

import (
	"errors"
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels"
)

// An agent who uploads a file learns at once that the channel can't take it, or that she may not reply.
func TestUploadIsChecked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: func(c *channels.Capabilities) { c.Files.PerMessage, c.Files.MaxBytes = 2, 1000 }})
	w.openThread()
	desk, id := w.engines[0].Desk(w.surface), bridge.ConversationID(w.count(`SELECT id FROM conversations`))
	files := func(size int64) []bridge.SurfaceFile {
		return []bridge.SurfaceFile{{Name: "plan.pdf", ContentType: "application/pdf", SizeBytes: size, Blob: "x"}}
	}
	check(t, desk.MayReply(t.Context(), id, "ann", "", files(1000)))

	for code, err := range map[string]error{
		"file_too_large": desk.MayReply(t.Context(), id, "ann", "", files(1001)),
		"not_an_agent":   desk.MayReply(t.Context(), id, "dan", "", files(1)),
	} {
		wantEqual(t, "the problem", string(wantProblem(t, code, err).Code), code)
	}
	if err := desk.MayReply(t.Context(), 1<<40, "ann", "", files(1)); !errors.Is(err, bridge.ErrNoConversation) {
		t.Errorf("MayReply in a conversation that isn't there: got the error %v, want ErrNoConversation", err)
	}
	if _, _, err := desk.StoreFile(t.Context(), strings.NewReader("too long"), 4); !errors.Is(err, bridge.ErrTooLarge) {
		t.Errorf("StoreFile of more bytes than the limit: got the error %v, want ErrTooLarge", err)
	}
}
