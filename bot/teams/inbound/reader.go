// Package inbound takes the requests that Teams makes. It bounds and reads them, has package auth check
// them, and passes on genuine ones with their original bytes.
//
// What does not belong here: which requests are genuine (bot/teams/auth), and what they mean
// (bot/teams).
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

// maxBody bounds a request, in bytes. An activity has at most 100 kB of text and card; an invoke from a message's menu also
// contains that message.
const maxBody = 1 << 20

// retryLater is the Retry-After, in seconds, of an answer to a request that can't be checked now.
const retryLater = "5"

// Reader takes requests. Safe for concurrent use.
type Reader struct {
	validator *auth.Validator
	unsigned  bool
	unchecked func()
	log       *slog.Logger
}

// New makes a Reader. With unsigned it also takes requests without a signature from this machine
// (TEAMS_ALLOW_UNSIGNED=loopback), and logs a warning at once. unchecked is called for each request that was refused because
// nobody can tell now whether it is genuine: Teams doesn't promise to send it again.
func New(v *auth.Validator, unsigned bool, unchecked func(), log *slog.Logger) *Reader {
	if unsigned {
		log.Warn("teams requests without a signature are taken from this machine: unset TEAMS_ALLOW_UNSIGNED where real customers are")
	}
	return &Reader{validator: v, unsigned: unsigned, unchecked: unchecked, log: log}
}

// Next handles a genuine request. raw are its bytes. a is what could be read of them: fields of an unexpected type are
// empty.
type Next func(w http.ResponseWriter, r *http.Request, a connector.Activity, raw []byte)

// Handler passes genuine requests on to next, and answers others itself: 413 if they are too long, 400 if they are no
// activity, 401 if they aren't genuine, for whatever reason, and 503 while that can't be checked.
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

// read decodes an activity: one JSON object with a type. A field of an unexpected type is left empty. Refusing it would lose
// messages when Teams changes something.
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

// check checks a request: an unsigned one by Validator.CheckLocal, all others through the SDK (see checker).
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

// envelopeOf writes the fields of an activity that say where it comes from. The SDK gets only these, because it fails on
// requests that Teams does make: with a value that is a string or an array, with channelData that is no object, with times
// that are empty or without a zone. It also drops fields that we need: mentioned of an entity, isTargeted of a recipient.
// We read the contents with our own types.
func envelopeOf(a connector.Activity) ([]byte, error) {
	return json.Marshal(connector.Activity{
		Type: a.Type, ID: a.ID, ServiceURL: a.ServiceURL, ChannelID: a.ChannelID, Name: a.Name,
		From: a.From, Recipient: a.Recipient, Conversation: a.Conversation,
	})
}

// checker lets our Validator take the place of the SDK's own, which accepts tokens without an expiry,
// for any channel, and signed by keys that were read up to five days ago.
type checker struct {
	validator *auth.Validator
	header    http.Header
	activity  connector.Activity
}

var _ sdkauth.TokenValidator = checker{}

// AuthenticateRequest implements the SDK's TokenValidator. parsed is what the SDK has read.
func (c checker) AuthenticateRequest(ctx context.Context, parsed schema.Activity, _ string, _ sdkauth.CredentialProvider, _ string) (sdkauth.ClaimsIdentity, error) {
	isFromSame := parsed.ServiceURL == c.activity.ServiceURL && parsed.ChannelID == c.activity.ChannelID
	if string(parsed.Type) != c.activity.Type || !isFromSame {
		return nil, fmt.Errorf("%w: it can be read in two ways", auth.ErrRefused)
	}
	if err := c.validator.Check(ctx, c.header, c.activity); err != nil {
		return nil, err
	}
	return sdkauth.NewClaimIdentity(map[string]any{"serviceurl": parsed.ServiceURL}, true), nil
}
