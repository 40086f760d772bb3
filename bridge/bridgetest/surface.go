package bridgetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"parley/bridge"
	"parley/channels"
)

const (
	maxTextRunes   = 400              // small, so that tests easily get posts of several parts
	requestTimeout = 30 * time.Second // enough for a slow machine; only a lost answer reaches it
	maxFileBytes   = 1 << 20
	cardBurst      = 5 // burst of calls other than new posts
	postBurst      = 3 // burst of posts in one channel
	reconnectPause = 20 * time.Millisecond
)

// Surface connects the engine to a Chat, the chat platform for tests, as package bot/slack connects it to Slack. It makes
// posts with the Chat's HTTP API. It listens to the Chat's events and passes them to the engine (its desk) as facts, which
// are events in the form in which they are stored. Decode (parse.go) turns a fact into what people did.
type Surface struct {
	base   string      // URL of the Chat
	desk   SurfaceDesk // the engine
	rate   float64     // posts per second in a channel; 0 means unlimited
	client *http.Client

	mu     sync.Mutex
	newest int // Message.Sequence of the newest change that the desk has accepted
}

var _ bridge.Surface = (*Surface)(nil)

// NewSurface returns a surface for the Chat at a URL, which may be in another process. perSecond is the number of posts per
// second that the Chat allows in a channel; 0 means unlimited.
func NewSurface(url string, d SurfaceDesk, perSecond float64) *Surface {
	return &Surface{base: url, desk: d, rate: perSecond, client: &http.Client{Transport: &http.Transport{}}}
}

// Limits implements bridge.Surface.
func (s *Surface) Limits() bridge.Limits {
	return bridge.Limits{MaxTextRunes: maxTextRunes, MaxFileBytes: maxFileBytes, RequestTimeout: requestTimeout}
}

// Budget implements bridge.Surface.
func (s *Surface) Budget(kind bridge.PostKind, channel string) bridge.Budget {
	switch kind {
	case bridge.PostCard, bridge.PostMark, bridge.PostErased, bridge.PostDouble:
		return bridge.Budget{Key: string(kind), PerSecond: s.rate, Burst: cardBurst}
	}
	return bridge.Budget{Key: "post:" + channel, PerSecond: s.rate, Burst: postBurst}
}

// Lookup implements bridge.Surface.
func (s *Surface) Lookup(ctx context.Context, email string) (bridge.SurfaceUser, error) {
	body, err := s.get(ctx, "/user?email="+url.QueryEscape(email))
	return bridge.SurfaceUser(body), err
}

// Open implements bridge.Surface.
func (s *Surface) Open(ctx context.Context, f bridge.SurfaceFile) (io.ReadCloser, error) {
	body, err := s.get(ctx, "/file?id="+url.QueryEscape(f.ID))
	return io.NopCloser(bytes.NewReader(body)), err
}

func (s *Surface) get(ctx context.Context, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+path, nil)
	if err != nil {
		return nil, fmt.Errorf("bridgetest: get: %w", err)
	}

	resp, err := s.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("bridgetest: get: %w", err)
	}
	defer resp.Body.Close()

	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("bridgetest: get: status %d", resp.StatusCode)
	}

	return io.ReadAll(resp.Body)
}

// call makes a POST request to the API and decodes the response into answer. Errors are of type *channels.SendError, whose
// class says whether the call may have been carried out.
func (s *Surface) call(ctx context.Context, name string, r request, answer any) error {
	body, err := json.Marshal(r)
	if err != nil {
		return &channels.SendError{Class: channels.BadContent, Text: "It can't be written down.", Cause: err}
	}
	if ctx.Err() != nil {
		return &channels.SendError{Class: channels.Retry, Text: "It was too late to begin.", Cause: ctx.Err()}
	}

	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.base+"/"+name, bytes.NewReader(body))
	if err != nil {
		return &channels.SendError{Class: channels.Retry, Text: "No request could be made.", Cause: err}
	}
	req.GetBody = nil // so that the transport never repeats a request
	resp, err := s.client.Do(req)
	if err != nil {
		var op *net.OpError
		neverConnected := errors.As(err, &op) && op.Op == "dial"
		if neverConnected {
			return &channels.SendError{Class: channels.Retry, Text: "The chat can't be reached.", Cause: err}
		}
		return &channels.SendError{Class: channels.Ambiguous, Text: "The answer was lost.", Cause: err}
	}
	defer resp.Body.Close()
	return readAnswer(resp, answer)
}

// readAnswer decodes a successful response into answer, and returns any other one as a *channels.SendError.
func readAnswer(resp *http.Response, answer any) error {
	switch {
	case resp.StatusCode == http.StatusOK:
		if err := json.NewDecoder(resp.Body).Decode(answer); err != nil {
			return &channels.SendError{Class: channels.Ambiguous, Text: "The answer was lost.", Cause: err}
		}
		return nil
	case resp.StatusCode == http.StatusTooManyRequests:
		seconds, _ := strconv.ParseFloat(resp.Header.Get("Retry-After"), 64) // the Chat always sends a valid one
		return &channels.SendError{
			Class: channels.Throttled,
			Text:  "Too many calls.",
			Wait:  time.Duration(seconds * float64(time.Second)),
		}
	case resp.StatusCode == statusThreadGone:
		return &channels.SendError{Class: channels.BadContent, Text: "The thread is gone.", Cause: bridge.ErrThreadLost}
	case resp.StatusCode == statusMessageGone:
		return &channels.SendError{Class: channels.BadContent, Text: "The message is gone.", Cause: bridge.ErrMessageGone}
	case resp.StatusCode == statusClosed:
		return &channels.SendError{
			Class: channels.Retry,
			Text:  "The channel is closed.",
			Hint:  "Open it.",
			Cause: bridge.ErrChannelClosed,
		}
	case resp.Header.Get("X-Done") == "no": // the Chat guarantees that nothing was done
		return &channels.SendError{Class: channels.Retry, Text: "The chat is busy."}
	}
	return &channels.SendError{
		Class: channels.Ambiguous,
		Text:  "The chat stumbled.",
		Cause: fmt.Errorf("status %d", resp.StatusCode),
	}
}

// Calls of the API that make or change a post.
const (
	callPost    = "post"
	callWhisper = "whisper"
	callUpdate  = "update"
	callDelete  = "delete"
	callMark    = "mark"
)

// callFor returns the call that makes a post.
func callFor(p bridge.Post) string {
	switch {
	case p.Kind == bridge.PostMark:
		return callMark
	case p.Kind == bridge.PostEphemeral:
		return callWhisper
	case p.Kind == bridge.PostErased && p.Was != bridge.PostRoot:
		return callDelete
	case p.Kind == bridge.PostCard, p.Kind == bridge.PostErased, p.ChangesLine():
		return callUpdate
	default:
		return callPost
	}
}

// Send implements bridge.Surface.
func (s *Surface) Send(ctx context.Context, p bridge.Post) (bridge.Sent, error) {
	if p.Kind == bridge.PostDouble {
		return s.findDouble(ctx, p)
	}

	call := callFor(p)
	r := request{
		Channel: channelOf(p),
		Thread:  p.Place.Thread,
		Token:   p.Token,
		Kind:    string(p.Kind),
		Mark:    string(p.Mark),
		Clears:  string(p.Clears),
	}
	more := render(&r, p)
	if p.Unsure && (call == callPost || p.Kind == bridge.PostCard) {
		r.Text += mayBeTwice
	}
	switch call {
	case callPost:
		for _, f := range p.Files {
			body, err := readFile(ctx, f)
			if err != nil {
				return bridge.Sent{}, &channels.SendError{Class: channels.Retry, Text: "A file can't be read.", Cause: err}
			}
			r.Files = append(r.Files, File{Name: f.Name, Content: body})
		}
	case callWhisper:
		r.Whisper = string(p.To)
	default:
		r.ID = p.Place.Message
	}

	var m Message
	if err := s.call(ctx, call, r, &m); err != nil {
		return bridge.Sent{}, err
	}
	switch {
	case call == callPost:
		return sentAs(p, m, more), nil
	case p.Kind == bridge.PostLine:
		return bridge.Sent{Message: p.Place.Message, Thread: p.Place.Thread}, nil
	default:
		return bridge.Sent{}, nil
	}
}

func readFile(ctx context.Context, f channels.File) ([]byte, error) {
	content, err := f.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	return io.ReadAll(content)
}

// mayBeTwice is appended to a post that may be a duplicate.
const mayBeTwice = " (This may be shown twice.)"

// findDouble looks for another root with the same token. It returns the zero Sent if there is none.
func (s *Surface) findDouble(ctx context.Context, p bridge.Post) (bridge.Sent, error) {
	var list []Message
	if err := s.call(ctx, "thread", request{Channel: p.Place.Channel}, &list); err != nil {
		return bridge.Sent{}, err
	}
	for _, m := range list {
		if m.Token == p.Token && m.ID != p.Place.Message {
			return bridge.Sent{Message: m.ID, Thread: m.ID}, nil
		}
	}
	return bridge.Sent{}, nil
}

// channelOf returns the channel of a post. A post without one is a direct message, whose channel is "@user".
func channelOf(p bridge.Post) string {
	if p.Place.Channel == "" && p.To != "" {
		return "@" + string(p.To)
	}
	return p.Place.Channel
}

func sentAs(p bridge.Post, m Message, more bool) bridge.Sent {
	sent := bridge.Sent{Message: m.ID, Thread: m.Thread, More: more}
	if p.Kind == bridge.PostRoot {
		sent.Thread = m.ID
	}
	return sent
}

// Reconcile implements bridge.Surface. It looks for the post's token in its thread.
func (s *Surface) Reconcile(ctx context.Context, p bridge.Post) (channels.Outcome, bridge.Sent, error) {
	var list []Message
	if err := s.call(ctx, "thread", request{Channel: channelOf(p), Thread: p.Place.Thread}, &list); err != nil {
		return channels.CannotTell, bridge.Sent{}, err
	}
	var r request
	more := render(&r, p)
	for _, m := range list {
		if m.Token == p.Token {
			return channels.Landed, sentAs(p, m, more), nil
		}
	}
	return channels.Absent, bridge.Sent{}, nil
}

// factOf returns the fact for an event. Its id is the same whether the event was streamed or found by CatchUp.
func factOf(e event) channels.Fact {
	m := e.Message
	f := channels.Fact{Payload: bridge.JSON(e), OrderKey: m.Channel + ":" + m.Thread}
	if m.Thread == "" {
		f.OrderKey = m.Channel + ":" + m.ID
	}
	at := m.Channel + ":" + m.ID
	switch e.Type {
	case "say":
		f.ExternalID = "m:" + at
	case "edit":
		f.ExternalID = "e:" + at + ":" + versionOf(m)
	case "delete":
		f.ExternalID = "d:" + at
	default:
		f.ExternalID = "i:" + e.Nonce
	}
	return f
}

// Run implements bridge.Surface. It listens, and reconnects until ctx ends.
func (s *Surface) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := s.listen(ctx)
		if ctx.Err() == nil {
			s.desk.Gap()
		}
		if err != nil && ctx.Err() == nil {
			s.desk.Report(channels.Condition{Status: channels.Broken, Text: "The chat can't be reached.", Hint: "Look at its server."})
			select {
			case <-ctx.Done():
			case <-time.After(reconnectPause):
			}
		}
	}
	return nil
}

// noteSeen records that the desk has accepted all changes up to a sequence number.
func (s *Surface) noteSeen(sequence int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.newest = max(s.newest, sequence)
}

// CatchUp reads all changes after the newest one that the desk has accepted.
func (s *Surface) CatchUp(ctx context.Context) error {
	list, err := s.desk.Channels(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	from := s.newest
	s.mu.Unlock()
	for _, channel := range list {
		var missed []Message
		if err := s.call(ctx, "since", request{Channel: channel, ID: strconv.Itoa(from)}, &missed); err != nil {
			return err
		}
		for _, m := range missed {
			if err := s.acceptMissed(ctx, m); err != nil {
				return err
			}
		}
	}
	return nil
}

// acceptMissed passes the facts for a missed message to the desk, except those that it already knows.
func (s *Surface) acceptMissed(ctx context.Context, m Message) error {
	var facts []channels.Fact
	var ids []string
	for _, t := range missedEvents(m) {
		f := factOf(event{Type: t, Message: m, CatchUp: true, OwnThread: m.Thread != ""})
		facts = append(facts, f)
		ids = append(ids, f.ExternalID)
	}
	known, err := s.desk.KnownFacts(ctx, ids)
	if err != nil {
		return err
	}
	facts = slices.DeleteFunc(facts, func(f channels.Fact) bool { return known[f.ExternalID] })
	for _, f := range facts {
		if err := s.desk.Accept(ctx, f); err != nil {
			return err
		}
	}
	s.noteSeen(m.Sequence)
	return nil
}

// missedEvents returns the types of the events that may have been missed for a message. Posts of the app are no facts.
func missedEvents(m Message) []string {
	switch {
	case m.Deleted:
		return []string{"delete"}
	case m.User == App:
		return nil
	case m.Version > 0:
		return []string{"say", "edit"}
	default:
		return []string{"say"}
	}
}
