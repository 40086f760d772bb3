// Package inbound takes the requests that Teams makes. It bounds and reads them, has package auth check them, and
// passes on genuine ones with their original bytes. Lateness tells which messages came later than usual.
//
// What does not belong here: which requests are genuine (bot/teams/auth), and what they mean (bot/teams).
package inbound

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	sdkauth "github.com/infracloudio/msbotbuilder-go/connector/auth"
	"github.com/infracloudio/msbotbuilder-go/core"
	"github.com/infracloudio/msbotbuilder-go/schema"

	"parley/bot/teams/auth"
	"parley/bot/teams/connector"
)

// maxBody bounds a request, in bytes. An activity has at most 100 kB of text and card; an invoke from a message's
// menu also contains that message.
const maxBody = 1 << 20

// retryLater is the Retry-After header, in seconds, of the answer to a request that can't be checked now.
const retryLater = "5"

// Reader reads and checks the requests of Teams. Safe for concurrent use.
type Reader struct {
	validator *auth.Validator
	unsigned  bool
	unchecked func()
	log       *slog.Logger
}

// New makes a Reader. If unsigned is true (TEAMS_ALLOW_UNSIGNED=loopback), it also accepts requests without a
// signature from this machine, and logs a warning now. It calls unchecked for each request that it refuses because it
// can't tell whether the request is genuine: Teams may not send that one again.
func New(v *auth.Validator, unsigned bool, unchecked func(), log *slog.Logger) *Reader {
	if unsigned {
		log.Warn("teams requests without a signature are taken from this machine: unset TEAMS_ALLOW_UNSIGNED where real customers are")
	}
	return &Reader{validator: v, unsigned: unsigned, unchecked: unchecked, log: log}
}

// Next handles a genuine request. raw are the bytes of its body, and a is what could be read from them. A field of an
// unexpected JSON type is empty.
type Next func(w http.ResponseWriter, r *http.Request, a connector.Activity, raw []byte)

// Handler returns a handler that passes genuine requests to next. It answers all others itself:
//
//	413  longer than 1 MiB
//	400  no activity
//	401  not genuine, whatever the reason
//	503  can't be checked now
func (d *Reader) Handler(next Next) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
			http.Error(w, "too long", http.StatusRequestEntityTooLarge)
			return
		}
		if err != nil {
			http.Error(w, "not readable", http.StatusBadRequest)
			return
		}

		a, err := read(raw)
		if err != nil {
			http.Error(w, "no activity", http.StatusBadRequest)
			return
		}
		if err := d.check(r, a); err != nil {
			d.answerRefused(w, r, err)
			return
		}

		next(w, r, a, raw)
	})
}

func (d *Reader) answerRefused(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, auth.ErrKeys) {
		d.log.Error("teams request not checked", "error", err)
		if r.Context().Err() == nil { // else its sender gave up; so anybody could cause it, also while the keys can be read
			d.unchecked()
		}

		w.Header().Set("Retry-After", retryLater)
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	}
	d.log.Info("teams request refused", "error", err)
	http.Error(w, "not authorized", http.StatusUnauthorized)
}

// read decodes an activity: one JSON object that has a type. A field of an unexpected JSON type is left empty, and
// that is no error: otherwise messages would be lost when Teams changes something.
func read(raw []byte) (connector.Activity, error) {
	var a connector.Activity
	var unexpectedType *json.UnmarshalTypeError
	err := json.Unmarshal(raw, &a)
	if err != nil && !errors.As(err, &unexpectedType) {
		return a, err
	}
	if a.Type == "" {
		return a, errors.New("no type")
	}
	return a, nil
}

// check checks whether a request is genuine. An unsigned one, if these are accepted, must come from this machine. All
// others pass the Bot Framework's SDK, which calls our Validator; see checker.
// Errors: auth.ErrRefused, auth.ErrKeys.
func (d *Reader) check(r *http.Request, a connector.Activity) error {
	if d.unsigned && len(r.Header.Values("Authorization")) == 0 {
		return d.validator.CheckLocal(r, a)
	}

	envelope, err := envelopeOf(a)
	if err != nil {
		return err
	}

	short := r.WithContext(r.Context()) // the same request with the envelope as its body
	short.Body = io.NopCloser(bytes.NewReader(envelope))
	adapter := core.BotFrameworkAdapter{TokenValidator: checker{validator: d.validator, header: r.Header, activity: a}}
	if _, err := adapter.ParseRequest(r.Context(), short); err != nil {
		if errors.Is(err, auth.ErrKeys) || errors.Is(err, auth.ErrRefused) {
			return err
		}
		return fmt.Errorf("%w: %w", auth.ErrRefused, err) // no header, for example
	}

	return nil
}

// envelopeOf returns the JSON of those fields of an activity that say where it comes from. The SDK gets only these,
// because it fails on requests that Teams does make: those with a value that is a string or an array, with
// channelData that isn't an object, or with times that are empty or without a zone. It also drops fields that we need,
// such as mentioned of an entity. So we read the contents with our own types.
func envelopeOf(a connector.Activity) ([]byte, error) {
	return json.Marshal(connector.Activity{
		Type: a.Type, ID: a.ID, ServiceURL: a.ServiceURL, ChannelID: a.ChannelID, Name: a.Name,
		From: a.From, Recipient: a.Recipient, Conversation: a.Conversation,
	})
}

// checker makes the SDK use our Validator. The SDK's own accepts tokens without an expiry, for any channel, and
// signed by keys that were read up to five days ago.
type checker struct {
	validator *auth.Validator
	header    http.Header
	activity  connector.Activity
}

var _ sdkauth.TokenValidator = checker{}

// AuthenticateRequest implements the SDK's TokenValidator. parsed is the activity as the SDK has read it. If it
// differs from ours, the request is refused.
func (c checker) AuthenticateRequest(
	ctx context.Context, parsed schema.Activity, _ string, _ sdkauth.CredentialProvider, _ string,
) (sdkauth.ClaimsIdentity, error) {
	isFromSame := parsed.ServiceURL == c.activity.ServiceURL && parsed.ChannelID == c.activity.ChannelID
	if string(parsed.Type) != c.activity.Type || !isFromSame {
		return nil, fmt.Errorf("%w: it can be read in two ways", auth.ErrRefused)
	}
	if err := c.validator.Check(ctx, c.header, c.activity); err != nil {
		return nil, err
	}
	return sdkauth.NewClaimIdentity(map[string]any{"serviceurl": parsed.ServiceURL}, true), nil
}
