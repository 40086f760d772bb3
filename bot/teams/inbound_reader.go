package teams

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
)

// maxBody bounds a request, in bytes. An activity has at most 100 kB of text and card; an invoke from a message's
// menu also contains that message.
const maxBody = 1 << 20

// Reader reads and verifies the requests of Teams. Safe for concurrent use.
type Reader struct {
	validator *Validator
	unsigned  bool
	unchecked func()
	log       *slog.Logger
}

// NewInbound makes a Reader. If unsigned is true (TEAMS_ALLOW_UNSIGNED=loopback), the Reader also accepts requests without a
// signature from this machine, and New logs a warning. The Reader calls unchecked for each request that it refuses
// because it can't determine whether the request is genuine. Teams may not send such a request again.
func NewInbound(v *Validator, unsigned bool, unchecked func(), log *slog.Logger) *Reader {
	if unsigned {
		log.Warn("teams requests without a signature are taken from this machine: unset TEAMS_ALLOW_UNSIGNED where real customers are")
	}
	return &Reader{validator: v, unsigned: unsigned, unchecked: unchecked, log: log}
}

// Next handles a genuine request. raw is its body, and a the decoded activity. A field of a with an unexpected JSON
// type is empty.
type Next func(w http.ResponseWriter, r *http.Request, a Activity, raw []byte)

// Handler returns a handler that passes genuine requests to next. It responds to all others itself:
//
//	413  longer than 1 MiB
//	400  not an activity
//	401  not genuine, whatever the reason
//	503  can't be verified at the moment
func (rd *Reader) Handler(next Next) http.Handler {
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
		if err := rd.check(r, a); err != nil {
			rd.answerRefused(w, r, err)
			return
		}

		next(w, r, a, raw)
	})
}

func (rd *Reader) answerRefused(w http.ResponseWriter, r *http.Request, err error) {
	if !errors.Is(err, ErrKeys) {
		rd.log.Info("teams request refused", "error", err)
		http.Error(w, "not authorized", http.StatusUnauthorized)
		return
	}

	rd.log.Error("teams request not checked", "error", err)
	// If the sender gave up, the keys may well be readable. Then unchecked isn't called, or anybody could trigger it.
	hasSenderGivenUp := r.Context().Err() != nil
	if !hasSenderGivenUp {
		rd.unchecked()
	}
	w.Header().Set("Retry-After", retryLater)
	http.Error(w, "try again later", http.StatusServiceUnavailable)
}

// read decodes an activity: a JSON object with a type. A field with an unexpected JSON type is left empty. That isn't
// an error, because otherwise messages would be lost when Teams changes something.
func read(raw []byte) (Activity, error) {
	var a Activity
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

// check returns nil if a request is genuine. If unsigned requests are accepted, one must come from this machine. All
// others go through the Bot Framework's SDK, which calls our Validator; see checker.
// Errors: auth.ErrRefused, auth.ErrKeys.
func (rd *Reader) check(r *http.Request, a Activity) error {
	if rd.unsigned && len(r.Header.Values("Authorization")) == 0 {
		return rd.validator.CheckLocal(r, a)
	}

	envelope, err := envelopeOf(a)
	if err != nil {
		return err
	}

	forSDK := r.WithContext(r.Context()) // the same request with the envelope as its body
	forSDK.Body = io.NopCloser(bytes.NewReader(envelope))
	adapter := core.BotFrameworkAdapter{TokenValidator: checker{validator: rd.validator, header: r.Header, activity: a}}
	_, err = adapter.ParseRequest(r.Context(), forSDK)
	if err == nil || errors.Is(err, ErrKeys) || errors.Is(err, ErrRefused) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrRefused, err) // such as a missing header
}

// envelopeOf returns the JSON of those fields of an activity that say where it comes from. The SDK gets only these,
// because it fails on requests that Teams really makes: those with a value that is a string or an array, with
// channelData that isn't an object, or with times that are empty or without a zone. It also drops fields that we need,
// such as the mentioned person of an entity.
func envelopeOf(a Activity) ([]byte, error) {
	return json.Marshal(Activity{
		Type: a.Type, ID: a.ID, ServiceURL: a.ServiceURL, ChannelID: a.ChannelID, Name: a.Name,
		From: a.From, Recipient: a.Recipient, Conversation: a.Conversation,
	})
}

// checker makes the SDK use our Validator. The SDK's own validator accepts tokens that never expire, that are for any
// channel, and that are signed by keys that were read up to five days ago.
type checker struct {
	validator *Validator
	header    http.Header
	activity  Activity
}

var _ sdkauth.TokenValidator = checker{}

// AuthenticateRequest implements the SDK's TokenValidator. parsed is the activity as the SDK has decoded it. If it
// differs from ours, the request is refused.
func (c checker) AuthenticateRequest(
	ctx context.Context, parsed schema.Activity, _ string, _ sdkauth.CredentialProvider, _ string,
) (sdkauth.ClaimsIdentity, error) {
	isFromSame := parsed.ServiceURL == c.activity.ServiceURL && parsed.ChannelID == c.activity.ChannelID
	if string(parsed.Type) != c.activity.Type || !isFromSame {
		return nil, fmt.Errorf("%w: it can be read in two ways", ErrRefused)
	}
	if err := c.validator.Check(ctx, c.header, c.activity); err != nil {
		return nil, err
	}
	return sdkauth.NewClaimIdentity(map[string]any{"serviceurl": parsed.ServiceURL}, true), nil
}
