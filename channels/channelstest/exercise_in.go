package channelstest

import (
	"bytes"
	"fmt"
	"math"
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"parley/channels"
)

// This part of the suite checks what a channel receives. The channel accepts facts. A fact is the raw bytes
// of one message or receipt, with an id by which repeated deliveries are recognised. Parley stores it, and
// Decode converts it to channels.Inbound later, perhaps in another process.

// exerciseCapabilities checks that the capabilities are consistent, and that the channel implements the
// interfaces that they require.
func exerciseCapabilities(t *testing.T, h Harness) {
	c := h.New(t).Channel
	caps := c.Capabilities()
	if !reflect.DeepEqual(caps, c.Capabilities()) {
		t.Error("capabilities change")
	}
	if caps.Sending.Timeout <= 0 || caps.Sending.RetryFor < caps.Sending.Timeout {
		t.Errorf("times that make no sense: %+v", caps)
	}
	if caps.Hold < 0 || caps.Sending.AbsentFor < 0 || caps.Window.Free < 0 || caps.Sending.Rate < 0 {
		t.Errorf("times that make no sense: %+v", caps)
	}

	allowsFiles := caps.Files.PerMessage > 0
	allowsBytes := caps.Files.MaxBytes > 0
	if allowsFiles != allowsBytes || caps.Files.PerMessage < 0 {
		t.Errorf("%d files of %d bytes", caps.Files.PerMessage, caps.Files.MaxBytes)
	}

	for name, level := range map[string]channels.Level{
		"rich text":     caps.RichText,
		"edit":          caps.Edit,
		"delete":        caps.Delete,
		"reply to":      caps.ReplyTo,
		"reactions":     caps.Reactions,
		"captions":      caps.Files.Captions,
		"location":      caps.Rich.Location,
		"contact card":  caps.Rich.ContactCard,
		"read receipts": caps.Receipts.Read,
		"delivered":     caps.Receipts.Delivered,
	} {
		if level < channels.Rejected || level > channels.Full {
			t.Errorf("%s has the level %d", name, level)
		}
	}

	checkChat(t, c)
	_, isRunner := c.(channels.Runner)
	_, isWebhook := c.(channels.Webhook)
	if !isRunner && !isWebhook {
		t.Error("nothing can arrive: it is neither a Runner nor a Webhook")
	}
}

// exerciseDecode checks facts and their decoding. Each fact has an id and an order key. Decode doesn't modify
// the bytes, always returns the same result, also concurrently, and doesn't depend on the channel value that
// accepted the fact.
func exerciseDecode(t *testing.T, h Harness) {
	s, other := h.New(t), h.New(t)
	const text = "Hello, is anybody there?"
	facts := s.Write(t, text)
	if len(facts) == 0 {
		t.Fatal("nothing was accepted")
	}

	found := 0
	for _, f := range facts {
		checkFact(t, f)
		for _, in := range decodeRepeatedly(t, f, s.Channel, other.Channel) {
			if in.Kind == channels.InboundMessage && strings.Contains(in.Text, text) {
				found++
				checkMessage(t, in)
			}
		}
	}
	if found != 1 {
		t.Errorf("the text was found %d times", found)
	}
}

// checkFact checks that a fact can be stored and was understood.
func checkFact(t *testing.T, f channels.Fact) {
	t.Helper()
	hasNames := f.ExternalID != "" && len(f.ExternalID) <= maxExternalID && f.OrderKey != ""
	isReadable := f.Quarantine == "" && len(f.Payload) > 0
	if !hasNames || !isReadable {
		t.Errorf("fact %.80q with the order key %q, quarantine %q", f.ExternalID, f.OrderKey, f.Quarantine)
	}
}

// decodeRepeatedly decodes a fact by the channel that accepted it, and then concurrently by that channel and
// another one. It checks that all results are equal.
func decodeRepeatedly(t *testing.T, f channels.Fact, accepting, other channels.Channel) []channels.Inbound {
	t.Helper()
	stored := bytes.Clone(f.Payload)
	first := mustDecode(t, accepting, f.Payload)
	withoutHTML := func(list []channels.Inbound) []channels.Inbound { // a function equals no other
		list = slices.Clone(list)
		for i := range list {
			list[i].Original.HTML = nil
		}
		return list
	}
	if !bytes.Equal(stored, f.Payload) {
		t.Error("decoding changed the payload")
	}

	var group sync.WaitGroup
	for _, c := range []channels.Channel{accepting, other, accepting, other} {
		group.Go(func() {
			again, err := c.Decode(stored)
			if err != nil || !reflect.DeepEqual(withoutHTML(first), withoutHTML(again)) {
				t.Errorf("decoded again: %+v, %v; first: %+v", again, err, first)
			}
		})
	}
	group.Wait()
	return first
}

// maxExternalID is the maximum length of a fact's id in bytes; see channels.Fact.
const maxExternalID = 500

// checkMessage checks that an Inbound is a new message from a person.
func checkMessage(t *testing.T, in channels.Inbound) {
	t.Helper()
	hasNames := in.From.Key != "" && in.ExternalID != ""
	isOfPerson := in.Automatic == "" && in.Status == nil && !in.Historical
	if !hasNames || !isOfPerson {
		t.Errorf("a customer's message became %+v", in)
	}
}

// mustDecode decodes a payload and fails the test if that fails.
func mustDecode(t *testing.T, c channels.Channel, raw []byte) []channels.Inbound {
	t.Helper()
	list, err := c.Decode(raw)
	if err != nil {
		t.Fatalf("decode: %v", err)
	}
	return list
}

// exerciseBadInput checks that Decode doesn't panic and is deterministic, whatever the bytes are.
func exerciseBadInput(t *testing.T, h Harness) {
	s := h.New(t)
	good := s.Write(t, "A good one")[0].Payload
	for name, raw := range makeBadInput(good) {
		first, err1 := s.Channel.Decode(raw)
		second, err2 := s.Channel.Decode(raw)
		isSameResult := (err1 == nil) == (err2 == nil) && reflect.DeepEqual(first, second)
		if !isSameResult {
			t.Errorf("%s: decoded as %+v, %v, then as %+v, %v", name, first, err1, second, err2)
		}

		for _, in := range first {
			lacksStatus := in.Kind == channels.InboundStatus && in.Status == nil
			if lacksStatus || in.Kind == "" {
				t.Errorf("%s: became %+v", name, in)
			}
		}
	}
}

// makeBadInput returns invalid payloads by name: nonsense, and a valid payload that was truncated or changed.
func makeBadInput(good []byte) map[string][]byte {
	bad := map[string][]byte{
		"nil":           nil,
		"empty":         {},
		"zero":          make([]byte, 100),
		"text":          []byte("riddle"),
		"json":          []byte(`{"a":[1,{"b":null}]}`),
		"invalid utf-8": []byte("\xff\xfe\xfd"),
		"lines":         bytes.Repeat([]byte("\r\n"), 1000),
		"nested":        bytes.Repeat([]byte("["), 100_000), // deeper than parsers allow
	}

	const cuts, mutations, maxChanges = 40, 100, 5
	for n := 1; n < len(good); n += max(1, len(good)/cuts) {
		bad[fmt.Sprint("cut at ", n)] = good[:n]
	}

	random := rand.New(rand.NewSource(1)) // a fixed seed, so that failures are reproducible
	for i := range mutations {
		b := bytes.Clone(good)
		for range 1 + i%maxChanges {
			b[random.Intn(len(b))] = byte(random.Intn(math.MaxUint8 + 1))
		}
		bad[fmt.Sprint("mutation ", i)] = b
	}
	return bad
}

// exerciseOrder checks that the texts of one customer are accepted in order and with one order key.
func exerciseOrder(t *testing.T, h Harness) {
	s := h.New(t)
	texts := []string{"number one", "number two", "number three", "number four"}
	var got []string
	keys := map[string]bool{}
	for _, f := range s.Write(t, texts...) {
		keys[f.OrderKey] = true
		for _, in := range mustDecode(t, s.Channel, f.Payload) {
			for _, text := range texts {
				if strings.Contains(in.Text, text) {
					got = append(got, text)
				}
			}
		}
	}

	if !reflect.DeepEqual(got, texts) || len(keys) != 1 {
		t.Errorf("accepted %q under %d order keys, want %q under one", got, len(keys), texts)
	}
}

// exerciseDuplicates checks that a repeated delivery has the same ExternalID as before, and that two texts
// have different ones.
func exerciseDuplicates(t *testing.T, h Harness) {
	if h.NoDuplicates {
		return
	}

	s := h.New(t)
	first := s.Write(t, "one", "two")
	names := map[string]bool{}
	for _, f := range first {
		names[f.ExternalID] = true
	}

	if len(names) != 2 {
		t.Errorf("two texts have %d names", len(names))
	}

	again := s.Redeliver(t)
	if len(again) == 0 {
		t.Fatal("nothing was delivered again")
	}

	for _, f := range again {
		if !names[f.ExternalID] {
			t.Errorf("delivered again it has the name %q", f.ExternalID)
		}
	}
}
