package engine

import (
	"cmp"
	"fmt"
	"unicode/utf8"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// textsToldOf is the most texts (SMS) that a reply may count as without a warning to its author.
const textsToldOf = 3

// usualLimits are those of: what customers' phones take without trouble. They
// hold for chats; an account's file_limits replace them, up to what the channel takes.
func usualLimits() channels.FileLimits {
	return channels.FileLimits{channels.FileImage: 5 << 20, channels.FileDocument: 10 << 20, channels.FileVideo: 16 << 20}
}

// fileLimit gives the largest file of a kind that an account sends; ok is false when it
// sends none of that kind. 0 = no limit of its own.
func fileLimit(caps channels.Capabilities, account channels.FileLimits, kind channels.FileKind) (limit int64, ok bool) {
	limit = caps.MaxAttachmentBytes
	if len(caps.FileLimits) > 0 {
		if limit, ok = caps.FileLimits[kind]; !ok {
			return 0, false
		}
	}
	own, given := account[kind]
	if !given && !caps.Threads {
		own, given = usualLimits()[kind]
	}
	if !given {
		return limit, true
	}
	return lower(limit, own), own > 0
}

// lower gives the lower of two limits; limit 0 = none.
func lower(limit, other int64) int64 {
	if limit == 0 {
		return other
	}
	return min(limit, other)
}

// overLimits says why an account's channel can't take a reply, before anything is tried;
// nil = it can.
func (e *Engine) overLimits(a *store.Account, text string, files []store.FileRef) *bridge.Problem {
	ch := e.Channel(a.ID)
	if ch == nil {
		return nil
	}
	caps := ch.Capabilities()
	name, _ := e.kindName(a.Kind)
	if n := utf8.RuneCountInString(text); caps.MaxTextRunes > 0 && n > caps.MaxTextRunes {
		return &bridge.Problem{Code: "text_too_long", Text: fmt.Sprintf("%s takes %d characters, and this has %d.", name, caps.MaxTextRunes, n),
			Hint: "Say it in several messages."}
	}
	if len(files) == 0 {
		return nil
	}
	if caps.AttachmentsPerMessage == 0 {
		return &bridge.Problem{Code: "no_files", Text: cmp.Or(caps.NoFiles, name+" takes no files."), Hint: "Send a link to it instead."}
	}
	return filesOver(caps, e.directory.Load().SettingsOf(a, caps.Threads).FileLimits, name, files)
}

// filesOver says which of the files a channel can't take.
func filesOver(caps channels.Capabilities, account channels.FileLimits, name string, files []store.FileRef) *bridge.Problem {
	for i, f := range files {
		kind := channels.KindOf(f.ContentType)
		limit, ok := fileLimit(caps, account, kind)
		switch {
		case !ok:
			return &bridge.Problem{Code: "file_kind", Text: fmt.Sprintf("%s takes no %s, as %s is one.", name, plainKind(kind), f.Name), Hint: "Send it in another form, or a link to it."}
		case limit > 0 && f.SizeBytes > limit:
			return &bridge.Problem{Code: "file_too_large", Text: fmt.Sprintf("%s has %s; %s takes at most %s of a %s.", f.Name, channels.SizeWords(f.SizeBytes), name,
				channels.SizeWords(limit), kind), Hint: "Make it smaller, or send a link to it."}
		}
		if n := caps.AttachmentsPerMessage; i%n == 0 && caps.MaxAttachmentBytes > 0 {
			var size int64
			for _, other := range files[i:min(i+n, len(files))] {
				size += other.SizeBytes
			}
			if size > caps.MaxAttachmentBytes {
				return &bridge.Problem{Code: "files_too_large", Text: fmt.Sprintf("The files have %s together; %s takes at most %s in a message.", channels.SizeWords(size), name,
					channels.SizeWords(caps.MaxAttachmentBytes)), Hint: "Send them one by one, or make them smaller."}
			}
		}
	}
	return nil
}

func plainKind(kind channels.FileKind) string {
	if kind == channels.FileAudio {
		return "audio files"
	}
	return string(kind) + "s"
}

// keptByLimits keeps a reply inside that the channel can't take, and tells the author why before the
// hold begins. It says no where the channel can take the reply.
func (w *work) keptByLimits(c *conv, m *message) bool {
	if m.Template != nil {
		return false
	}
	problem := w.e.overLimits(c.account, m.Text, m.Files)
	if problem == nil {
		return false
	}
	m.Direction, m.Fate, m.Reason, m.dirty = store.DirectionNote, store.FateInside, problem.Code, true
	w.tellWith(c, m, bridge.Line{Content: &bridge.InsideLine{Reason: problem.Text, Hint: problem.Hint}})
	return true
}

// texts says as how many texts a provider counts a reply; 1 where it doesn't count.
func (w *work) texts(c *conv, text string) int {
	if counter, ok := w.e.Channel(c.AccountID).(channels.Counter); ok && text != "" {
		signature, _ := w.e.signature(c.account, nil)
		return counter.Count(text, signature).Parts
	}
	return 1
}

// manyTexts gives how many texts a reply counts as if that calls for a warning, else 0. Of fewer
// texts the provider's receipt tells.
func (w *work) manyTexts(c *conv, text string) int {
	if n := w.texts(c, text); n > textsToldOf {
		return n
	}
	return 0
}

// warnOfTexts tells the author of a long reply how many texts it counts as, while it can still be
// taken back.
func (w *work) warnOfTexts(c *conv, m *message) {
	n := w.manyTexts(c, m.Text)
	if n == 0 {
		return
	}
	w.lineAbout(c, m, bridge.Line{Content: &bridge.TextsLine{Count: n}, Verbs: []bridge.Verb{bridge.VerbUndo},
		Args: bridge.Args{Conversation: c.ID, Message: m.ID}})
}
