package site

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"parley/store/storetest"

	"github.com/jackc/pgx/v5/pgxpool"
)

// If the company's name can't be read, pages have none, and the log tells why.
func TestUnreadableCompanyIsLogged(t *testing.T) {
	t.Parallel()
	closed := storetest.Must(pgxpool.New(t.Context(), "postgres://127.0.0.1:1/parley"))(t)
	closed.Close()

	var log bytes.Buffer
	o := Options{Pool: closed, Log: slog.New(slog.NewTextHandler(&log, nil))}

	if name := o.companyName(t.Context()); name != "" {
		t.Errorf("the company is called %q, want no name", name)
	}
	for _, want := range []string{"the company's name could not be read", "closed pool"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log is %q, want %q in it", log.String(), want)
		}
	}
}
