package openai

import (
	"context"
	"time"

	"parley/bridge/analysis"
)

const settleTimeout = 5 * time.Second

// reserveTokens counts what a request may use at most, before the request is sent. settle replaces that by what was used. Where
// settling fails, the reservation stays, which is more. It also stays where an answer was interrupted: see isInterrupted.
func reserveTokens(ctx context.Context, b analysis.Budget, tokens int) (settle func(used int), fault *Error) {
	if b == nil {
		return func(int) {}, nil
	}

	replace, ok, err := b.Reserve(ctx, tokens)
	switch {
	case err != nil:
		return nil, &Error{Kind: Uncounted, Cause: err}
	case !ok:
		return nil, &Error{Kind: Budget, Cause: analysis.ErrNoTokens}
	}

	return func(used int) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
		defer cancel()
		replace(ctx, used)
	}, nil
}
