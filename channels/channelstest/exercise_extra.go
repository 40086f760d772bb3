package channelstest

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
)

// This part of the suite checks abilities that only some channels have. Each part is skipped if the channel
// doesn't declare the ability. A template is a text that the provider has approved in advance; it may be sent
// even when the customer's last message is too old for a free reply.

// exerciseTemplates checks that an approved template is sent even when the reply window is closed, and that
// an unknown template is refused. Then it calls exerciseSubmit.
func exerciseTemplates(t *testing.T, h Harness) {
	s := h.New(t)
	caps := s.Channel.Capabilities()
	templater, ok := s.Channel.(channels.Templater)
	if !caps.Templates || !ok {
		t.Skip("not declared")
	}

	requireHook(t, s.Template != nil, "Template", "Templates are declared")
	use := s.Template(t)

	if s.CloseWindow != nil {
		s.CloseWindow(t)
	}

	o := s.Outbound(1, "the words of it")
	o.LastIn = time.Now().Add(-caps.Window.Free - time.Hour)
	o.Template = &use
	s.mustSend(t, o)
	unknown := use
	unknown.Name, unknown.ExternalID = "nobody_knows_it", "0"
	o = s.Outbound(2, "the words of it")
	o.Template = &unknown
	s.mustRefuse(t, "an unknown template", o, channels.TemplateBad)
	exerciseSubmit(t, templater)
}

// exerciseSubmit checks that a submitted template is listed until it is deleted.
func exerciseSubmit(t *testing.T, templater channels.Templater) {
	ctx := contextFor(t, patience)
	fresh := channels.Template{
		Name:      "order_ready",
		Language:  "en",
		Category:  "utility",
		Body:      "Hello {{name}}, your order is ready.",
		Variables: []string{"name"},
		Examples:  map[string]string{"name": "Kim"},
	}
	state, err := templater.SubmitTemplate(ctx, fresh)
	if err != nil || state.ExternalID == "" {
		t.Fatalf("submitted: %+v, %v", state, err)
	}
	if state.Status != channels.TemplatePending && state.Status != channels.TemplateApproved {
		t.Fatalf("submitted: %+v", state)
	}

	fresh.ExternalID = state.ExternalID
	isListed := func() bool {
		all, err := templater.ListTemplates(ctx)
		if err != nil {
			t.Fatalf("list: %v", err)
		}
		return slices.ContainsFunc(all, func(s channels.TemplateState) bool { return s.ExternalID == fresh.ExternalID })
	}
	if !isListed() {
		t.Error("what was submitted isn't listed")
	}

	err = templater.DeleteTemplate(ctx, fresh)
	if err != nil || isListed() {
		t.Errorf("it is still listed after it was deleted: %v", err)
	}
}

// Lengths of texts for counting. The long one takes several messages in any encoding. The other nearly fills
// one message, so that a signature doesn't fit into it.
const (
	longTextRunes   = 1600
	nearlyFullRunes = 155
)

// exerciseCount checks that every text counts as at least one message, and a longer text never as fewer messages.
func exerciseCount(t *testing.T, h Harness) {
	counter, ok := h.New(t).Channel.(channels.Counter)
	if !ok {
		t.Skip("not implemented")
	}

	for _, letter := range []string{"a", "ñ", "€", "ж", "😀"} {
		checkCounts(t, counter, letter)
	}
	for _, text := range []string{"", "a", strings.Repeat("a", nearlyFullRunes)} {
		without, with := counter.Count(text, ""), counter.Count(text, "Yours, Acme")
		if with.Parts < without.Parts || with == without {
			t.Errorf("%d letters count as %+v, with a signature as %+v", len(text), without, with)
		}
	}
}

// checkCounts checks the counts of texts that repeat one letter, up to a long one.
func checkCounts(t *testing.T, counter channels.Counter, letter string) {
	t.Helper()
	last := channels.Count{Parts: 1}
	for n := range longTextRunes + 1 {
		c := counter.Count(strings.Repeat(letter, n), "")
		isCount := c.Parts >= 1 && c.Left >= 0 && c.Encoding != ""
		isInSamePart := c.Parts == last.Parts && n > 1
		hasRoomLeft := isInSamePart && c.Left >= last.Left // a longer text can't leave as much room
		if !isCount || c.Parts < last.Parts || hasRoomLeft {
			t.Fatalf("%d × %q: %+v after %+v", n, letter, c, last)
		}
		last = c
	}
	if last.Parts < 2 || last != counter.Count(strings.Repeat(letter, longTextRunes), "") {
		t.Errorf("%d × %q: %+v", longTextRunes, letter, last)
	}
}

// checkAttachment checks that an attachment can be shown, and has either its content or a reference to it.
func checkAttachment(t *testing.T, a channels.Attachment) {
	t.Helper()
	const maxRef = 2000 // bytes; see channels.Attachment
	hasRef := a.Ref != ""
	hasContent := a.Content != nil
	if hasRef == hasContent || len(a.Ref) > maxRef {
		t.Errorf("an attachment %+v", a)
	}
	if a.Name == "" || a.ContentType == "" {
		t.Errorf("an attachment without name or type: %+v", a)
	}
}

// exerciseFetch checks that a file that stays at the provider is described and can be read repeatedly.
// Fetching a file that no longer exists must fail permanently, so that it isn't retried.
func exerciseFetch(t *testing.T, h Harness) {
	s := h.New(t)
	fetcher, ok := s.Channel.(channels.Fetcher)
	if !ok {
		t.Skip("not implemented")
	}

	requireHook(t, s.WriteFile != nil && s.ForgetFiles != nil, "WriteFile or ForgetFiles", "it is a Fetcher")
	_, _, want := sampleOf(channels.FileImage)
	ref := s.receiveRef(t, want)
	for range 2 {
		f, err := fetcher.Fetch(contextFor(t, patience), ref)
		if err != nil {
			t.Fatalf("fetch: %v", err)
		}
		got, err := io.ReadAll(f.Body)
		err = errors.Join(err, f.Body.Close())
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("fetched %q, %v", got, err)
		}
	}

	s.ForgetFiles(t)
	_, err := fetcher.Fetch(contextFor(t, patience), ref)
	wantClass(t, "a file that is gone", err, channels.BadContent)
	if _, err := fetcher.Fetch(contextFor(t, patience), "riddle"); err == nil {
		t.Error("nonsense was fetched")
	}
}

// receiveRef sends a file from the customer and returns the reference by which the file is fetched.
func (s Stage) receiveRef(t *testing.T, content []byte) string {
	t.Helper()
	ref := ""
	for _, f := range s.WriteFile(t, content) {
		for _, in := range mustDecode(t, s.Channel, f.Payload) {
			for _, a := range in.Attachments {
				checkAttachment(t, a)
				ref = a.Ref
			}
		}
	}
	if ref == "" {
		t.Fatal("no attachment has a Ref")
	}
	return ref
}
