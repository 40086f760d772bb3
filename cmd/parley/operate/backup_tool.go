package operate

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// This file runs PostgreSQL's client programs: pg_dump, pg_restore and psql. Parley itself connects with the Go
// driver pgx, which accepts other connection parameters than libpq, the C library of these programs.
// splitConnection therefore converts DATABASE_URL. It also keeps secrets out of the arguments, which every user
// of the machine can see:
//
//	postgres://parley:secret@db/parley?pool_max_conns=20&search_path=helpdesk
//
// becomes the argument postgres://parley@db/parley?options=-c%20search_path%3Dhelpdesk and PGPASSWORD=secret.

// toolPatience is how long a program may take to exit after SIGTERM, before it is killed.
const toolPatience = 10 * time.Second

// lockWait is how long pg_dump waits for a table that a migration has locked.
const lockWait = "60s"

// isPgxParameter reports whether only pgx knows a parameter of DATABASE_URL, so that it must be dropped for
// libpq.
func isPgxParameter(name string) bool {
	return strings.HasPrefix(name, "pool_") || slices.Contains([]string{"default_query_exec_mode", "statement_cache_capacity",
		"description_cache_capacity", "min_read_buffer_size", "krbspn"}, name)
}

// isLibpqParameter reports whether libpq knows a parameter of DATABASE_URL. Source: PostgreSQL 18, "Parameter
// Key Words".
func isLibpqParameter(name string) bool {
	for _, prefix := range []string{"ssl", "gss", "keepalives", "oauth_", "scram_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return slices.Contains([]string{"host", "hostaddr", "port", "dbname", "user", "password", "passfile", "require_auth", "channel_binding",
		"connect_timeout", "client_encoding", "options", "application_name", "fallback_application_name", "tcp_user_timeout", "replication",
		"requiressl", "requirepeer", "min_protocol_version", "max_protocol_version", "krbsrvname", "service",
		"servicefile", "target_session_attrs", "load_balance_hosts"}, name)
}

// checkSecrets refuses a secret parameter that libpq accepts only as an argument, not as an environment
// variable. Source: PostgreSQL 18, "Parameter Key Words" and "Environment Variables".
func checkSecrets(name string) error {
	if !slices.Contains([]string{"sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"}, name) {
		return nil
	}
	return fmt.Errorf(
		"backup: DATABASE_URL has %s, and everybody on this machine could read it among the arguments of PostgreSQL's programs: "+
			"do without it, such as with a file of the key that has no passphrase and that Parley alone can read", name)
}

// addSetting appends a server setting, such as search_path, to libpq's parameter "options". pgx accepts
// settings as parameters of their own; libpq refuses them.
func addSetting(options, name, value string) string {
	escaped := strings.NewReplacer(`\`, `\\`, " ", `\ `, "\t", "\\\t").Replace(value)
	return strings.TrimSpace(options + " -c " + name + "=" + escaped)
}

// parameter matches one parameter of a key/value connection string: its name, then a quoted or plain value.
var parameter = regexp.MustCompile(`(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)*)\s*`)

// splitConnection converts a DATABASE_URL for libpq. It returns the connection string without the password, and
// the password, which the caller passes as PGPASSWORD. It refuses other secrets.
func splitConnection(databaseURL string) (dbname, password string, err error) {
	if !strings.Contains(databaseURL, "://") {
		for _, m := range parameter.FindAllStringSubmatch(databaseURL, -1) {
			if err := checkSecrets(m[1]); err != nil {
				return "", "", err
			}
		}
		dbname, password = splitParameters(databaseURL)
		return dbname, password, nil
	}

	u, err := url.Parse(databaseURL)
	if err != nil {
		return "", "", errors.New("backup: DATABASE_URL can't be read") // the cause would show the password
	}
	if u.User != nil {
		password, _ = u.User.Password()
		u.User = url.User(u.User.Username())
	}

	q := u.Query()
	password = cmp.Or(q.Get("password"), password)

	for _, name := range slices.Sorted(maps.Keys(q)) {
		if err := checkSecrets(name); err != nil {
			return "", "", err
		}

		switch {
		case name == "password" || isPgxParameter(name):
			q.Del(name)
		case !isLibpqParameter(name):
			q.Set("options", addSetting(q.Get("options"), name, q.Get(name)))
			q.Del(name)
		}
	}

	u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20") // libpq doesn't read + as a space
	return u.String(), password, nil
}

// splitParameters does the same for a key/value connection string, such as "host=db password=secret".
func splitParameters(connection string) (dbname, password string) {
	options := ""
	dbname = parameter.ReplaceAllStringFunc(connection, func(s string) string {
		m := parameter.FindStringSubmatch(s)
		name, value := m[1], m[2]
		switch {
		case name == "password":
			password = unquote(value)
		case name == "options":
			options = strings.TrimSpace(unquote(value) + " " + options)
		case isPgxParameter(name): // dropped
		case !isLibpqParameter(name):
			options = addSetting(options, name, unquote(value))
		default:
			return s
		}
		return ""
	})

	dbname = strings.TrimSpace(dbname)
	if options != "" {
		dbname += " options='" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(options) + "'"
	}
	return strings.TrimSpace(dbname), password
}

// unquote decodes a value of a key/value connection string: it removes quotes and backslashes.
func unquote(s string) string {
	if len(s) >= 2 && s[0] == '\'' {
		s = s[1 : len(s)-1]
	}
	return regexp.MustCompile(`\\(.)`).ReplaceAllString(s, "$1")
}

// prepareTool prepares a command for one of PostgreSQL's programs in the folder dir. If databaseURL isn't "",
// the program connects to that database. stderr collects the program's error messages for toolError.
func prepareTool(
	ctx context.Context, dir, name, databaseURL string, args ...string,
) (cmd *exec.Cmd, stderr *tail, err error) {
	if databaseURL == "" {
		cmd, stderr = prepareCommand(ctx, dir, name, args)
		return cmd, stderr, nil
	}
	dbname, password, err := splitConnection(databaseURL)
	if err != nil {
		return nil, nil, err
	}
	cmd, stderr = prepareCommand(ctx, dir, name, append(args, "--no-password", "--dbname="+dbname))
	if password != "" {
		cmd.Env = append(cmd.Env, "PGPASSWORD="+password)
	}
	return cmd, stderr, nil
}

// prepareCommand prepares a command with a minimal environment that has none of our secrets.
func prepareCommand(ctx context.Context, dir, name string, args []string) (*exec.Cmd, *tail) {
	cmd := exec.CommandContext(ctx, filepath.Join(dir, name), args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = toolPatience
	stderr := &tail{}
	cmd.Stderr = stderr
	cmd.Env = []string{"LC_ALL=C"}
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if isNeededByTools(name) {
			cmd.Env = append(cmd.Env, v)
		}
	}
	return cmd, stderr
}

// isNeededByTools reports whether PostgreSQL's programs may need an environment variable, to find libraries or
// to connect.
func isNeededByTools(name string) bool {
	if name == "PATH" || name == "HOME" {
		return true
	}
	return strings.HasPrefix(name, "PG") || strings.HasSuffix(name, "LD_LIBRARY_PATH")
}

// toolError adds the name of the program and the end of its error output to err. It returns nil if err is nil.
func toolError(name string, err error, stderr *tail) error {
	if err == nil {
		return nil
	}
	if text := stderr.String(); text != "" {
		return fmt.Errorf("%s: %w: %s", name, err, text)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// tail is a Writer that keeps the last bytes that were written to it.
type tail struct{ b []byte }

const (
	tailBytes  = 4 << 10 // bytes to keep, at least
	shownLines = 4       // lines that String returns
)

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if len(t.b) > 2*tailBytes {
		t.b = slices.Clone(t.b[len(t.b)-tailBytes:])
	}
	return len(p), nil
}

// String returns the last lines, joined into one line.
func (t *tail) String() string {
	lines := strings.Split(string(bytes.TrimSpace(t.b)), "\n")
	return strings.Join(lines[max(0, len(lines)-shownLines):], " | ")
}
