package engine

import (
	"cmp"
	"fmt"
	"strings"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// A channel limits the length of a text and the number, kinds and sizes of files: an SMS number without MMS takes
// no files, for example, and WhatsApp takes no image above 5 MB. This file checks a reply against these limits,
// and against those that an admin set for the account, before the reply is queued. A reply over a limit is kept
// inside (it stays among colleagues), and its author is told why. A long SMS is only warned about, because the
// provider charges it as several.

// maxTextsUnwarned is how many SMS a reply may be charged as without a warning to its author.
const maxTextsUnwarned = 3

// usualLimits returns the file sizes that customers' phones handle well. They apply to chats.
// An account's file_limits replace them, up to the channel's own limit.
func usualLimits() channels.FileLimits {
	return channels.FileLimits{channels.FileImage: 5 << 20, channels.FileDocument: 10 << 20, channels.FileVideo: 16 << 20}
}

// fileLimit returns the maximum size in bytes of a file of a kind: the lower of the channel's and the account's
// limit. An account of a chat without a limit of its own has the usual one. ok is false if files of that kind
// aren't sent at all; if ok is true, 0 means no limit.
func fileLimit(caps channels.Capabilities, account channels.FileLimits, kind channels.FileKind) (limit int64, ok bool) {
	if limit, ok = channelLimit(caps, kind); !ok {
		return 0, false
	}

	chosen, isChosen := account[kind]
	if !isChosen && !caps.Threads {
		chosen, isChosen = usualLimits()[kind]
	}
	if !isChosen {
		return limit, true
	}

	return lowerLimit(limit, chosen), chosen > 0
}

// channelLimit is fileLimit without the account's limits.
func channelLimit(caps channels.Capabilities, kind channels.FileKind) (limit int64, ok bool) {
	if len(caps.Files.Limits) > 0 {
		limit, ok = caps.Files.Limits[kind]
		return limit, ok
	}
	return caps.Files.MaxBytes, true
}

// lowerLimit returns the lower of two limits. A limit of 0 means no limit.
func lowerLimit(limit, other int64) int64 {
	if limit == 0 {
		return other
	}
	return min(limit, other)
}

// OverLimits returns the reason why a channel can't send a reply, or nil if it can or isn't connected (ch is
// nil). name is the channel's name in the message, and account has the limits that the account sets.
func OverLimits(ch channels.Channel, name string, account channels.FileLimits, text string, files []store.FileRef) *bridge.Problem {
	if ch == nil {
		return nil
	}

	caps := ch.Capabilities()
	n := channels.TextRunes(ch, text)
	if caps.MaxTextRunes > 0 && n > caps.MaxTextRunes {
		return &bridge.Problem{
			Code: bridge.ReasonTextTooLong,
			Text: fmt.Sprintf("%s takes %d characters, and this has %d.", name, caps.MaxTextRunes, n),
			Hint: "Say it in several messages.",
		}
	}
	if len(files) == 0 {
		return nil
	}
	if caps.Files.PerMessage == 0 {
		return &bridge.Problem{
			Code: bridge.ReasonNoFiles,
			Text: cmp.Or(caps.Files.Unavailable, name+" takes no files."),
			Hint: "Send a link to it instead.",
		}
	}

	return filesOver(caps, account, name, files)
}

// filesOver returns the first problem with the files: a kind, a size, or the total size of those that leave in
// one message.
func filesOver(caps channels.Capabilities, account channels.FileLimits, name string, attached []store.FileRef) *bridge.Problem {
	perMessage := caps.Files.PerMessage // not 0, which OverLimits has handled
	for i, f := range attached {
		if FromSurface(f).Unavailable != "" {
			continue // its kind and size may be unknown; the author is told elsewhere that it can't be read
		}
		if problem := fileOver(caps, account, name, f); problem != nil {
			return problem
		}
		isFirstOfMessage := i%perMessage == 0
		if !isFirstOfMessage || caps.Files.MaxBytes == 0 {
			continue
		}
		var size int64
		for _, other := range attached[i:min(i+perMessage, len(attached))] {
			size += other.SizeBytes
		}
		if size > caps.Files.MaxBytes {
			return &bridge.Problem{
				Code: bridge.ReasonFilesTooLarge,
				Text: fmt.Sprintf("The files have %s together; %s takes at most %s in a message.",
					channels.SizeWords(size), name, channels.SizeWords(caps.Files.MaxBytes)),
				Hint: "Send them one by one, or make them smaller.",
			}
		}
	}
	return nil
}

// fileOver returns the reason why the channel or the account doesn't take a file, or nil.
func fileOver(caps channels.Capabilities, account channels.FileLimits, name string, f store.FileRef) *bridge.Problem {
	sentAs := caps.Files.SentAs(f.Name, f.ContentType)
	if sentAs == "" {
		return &bridge.Problem{
			Code: bridge.ReasonFileKind,
			Text: fmt.Sprintf("%s takes no files like %s.", name, f.Name),
			Hint: "Send it in another form, for example as a PDF or a JPEG, or a link to it.",
		}
	}

	kind := channels.KindOf(sentAs)
	limit, ok := fileLimit(caps, account, kind)
	ofChannel, channelTakesKind := channelLimit(caps, kind)
	isAccountsLimit := channelTakesKind && (!ok || limit != ofChannel)
	by := name
	if isAccountsLimit {
		by = "This account"
	}
	if !ok {
		return &bridge.Problem{
			Code: bridge.ReasonFileKind,
			Text: fmt.Sprintf("%s takes no %s, as %s is one.", by, plainKind(kind), f.Name),
			Hint: "Send it in another form, or a link to it.",
		}
	}
	if limit == 0 || f.SizeBytes <= limit {
		return nil
	}
	most, has := channels.SizeWords(limit), channels.SizeWords(f.SizeBytes)
	if has == most { // both are rounded
		has = "a little more"
	}
	return &bridge.Problem{
		Code: bridge.ReasonFileTooLarge,
		Text: fmt.Sprintf("%s takes %s of at most %s, and %s has %s.", by, plainKind(kind), most, f.Name, has),
		Hint: "Make it smaller, or send a link to it.",
	}
}

// plainKind returns the plural of a kind of file: "images".
func plainKind(kind channels.FileKind) string {
	if kind == channels.FileAudio {
		return "audio files"
	}
	return string(kind) + "s"
}

// keepOverLimits checks a reply before it is queued. If the channel can't send it, it keeps the reply inside,
// tells its author why, and returns true.
func (w *work) keepOverLimits(c *Conversation, m *Message) bool {
	if m.Template != nil && w.Caps(c.AccountID).Templates {
		return false // the provider has approved it; channels without templates send it as text, which is checked
	}
	name, _ := w.Reading.KindName(c.Account.Kind)
	problem := OverLimits(w.Channel(c.AccountID), name, w.Settings(c).FileLimits, m.Text, m.Files)
	if problem == nil {
		return false
	}
	m.KeepInside(problem.Code)
	w.Mark(c, m, bridge.MarkInside)
	w.TellWith(c, m, bridge.Line{Content: &bridge.InsideLine{Why: bridge.InWords(problem.Text), Hint: problem.Hint}})
	return true
}

// KeepEditOverLimits checks a queued reply that was edited. If the channel can't send it any more, it cancels
// the reply, keeps it inside, tells its author why, and returns true.
func (w *work) KeepEditOverLimits(c *Conversation, m *Message) bool {
	if !w.keepOverLimits(c, m) {
		return false
	}
	w.Outbox.CancelReply(m)
	w.Messages.AwaitAnswerAgain(c)
	return true
}

// countTexts returns how many SMS a provider charges for a reply, or 1 on channels that don't count.
func (w *work) countTexts(c *Conversation, text string) int {
	counter, counts := w.Channel(c.AccountID).(channels.Counter)
	if counts && text != "" {
		signature, _ := SignatureOf(c.Account, c.Via, nil, w.Caps(c.AccountID).Threads)
		return counter.Count(text, signature).Parts
	}
	return 1
}

// ManyTexts returns how many SMS a reply is charged as, or 0 if they are too few for a warning.
func (w *work) ManyTexts(c *Conversation, text string) int {
	if n := w.countTexts(c, text); n > maxTextsUnwarned {
		return n
	}
	return 0
}

// WarnOfTexts tells the author of a long reply how many SMS it is charged as, with an Undo button. d is the
// reply's first delivery; texts that leave as one message with it are counted, too. toldBefore is the number in
// an earlier warning, or 0.
func (w *work) WarnOfTexts(c *Conversation, m *Message, d *Delivery, toldBefore int) {
	text := m.Text
	if d.JoinKey != "" {
		text = joinedText(w, d)
	}

	n := w.ManyTexts(c, text)
	if n == 0 || n == toldBefore {
		return
	}
	w.LineAbout(c, m, bridge.Line{
		Content: &bridge.TextsLine{Count: n, Joined: text != m.Text},
		Verbs:   []bridge.Verb{bridge.VerbUndo},
		Args:    bridge.Args{Conversation: c.ID, Message: m.ID},
	})
}

// joinedText returns the text of all replies that leave as one message with a delivery.
func joinedText(w *work, d *Delivery) string {
	var texts []string
	for _, other := range w.Outbox.Waiting(w.Outbox.Lanes[d.LaneID]) {
		m := w.Messages.Get(other.MessageID)
		if other.JoinKey == d.JoinKey && m != nil {
			texts = append(texts, m.Text)
		}
	}
	return strings.Join(texts, "\n\n")
}
