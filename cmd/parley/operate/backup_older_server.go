package operate

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
)

// loadByScript loads a dump into a server that is older than pg_restore. A newer pg_restore sets parameters
// that an older server does not know, such as transaction_timeout, and would fail. Therefore loadByScript makes
// pg_restore print a SQL script instead, drops the unknown SET statements and pipes the script into psql.
//
// args must include --single-transaction: then a truncated script has no COMMIT and changes nothing.
func loadByScript(ctx context.Context, dir, databaseURL string, dump io.Reader, args []string) error {
	cmd, stderr, err := prepareTool(ctx, dir, "pg_restore", "", append(args, "--file=-")...)
	if err != nil {
		return err
	}
	cmd.Stdin = dump
	script, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return fmt.Errorf("pg_restore: %w", err)
	}

	err = runScript(ctx, dir, databaseURL, script)
	_ = script.Close() // if psql failed, this makes pg_restore exit as well
	return errors.Join(err, toolError("pg_restore", cmd.Wait(), stderr))
}

// runScript pipes a script into psql, without the settings that the server does not know.
func runScript(ctx context.Context, dir, databaseURL string, script io.Reader) error {
	conn, err := connect(ctx, databaseURL)
	if err != nil {
		return err
	}
	known, err := dropUnknownSettings(ctx, conn, bufio.NewReader(script))
	if err := errors.Join(err, conn.Close(context.WithoutCancel(ctx))); err != nil {
		return err
	}

	cmd, stderr, err := prepareTool(ctx, dir, "psql", databaseURL, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--file=-")
	if err != nil {
		return err
	}
	cmd.Stdin = known
	return toolError("psql", cmd.Run(), stderr)
}

// setting matches a statement such as `SET transaction_timeout = 0;`.
var setting = regexp.MustCompile(`^SET (\w+) = `)

// dropUnknownSettings removes SET statements for parameters that the server does not know. It only looks at
// lines up to the first CREATE. Everything after it, such as the rows of tables, is passed through unchanged.
func dropUnknownSettings(ctx context.Context, conn *pgx.Conn, script *bufio.Reader) (io.Reader, error) {
	var head strings.Builder
	for {
		line, err := script.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("pg_restore: %w", err)
		}

		isKnown := true
		if match := setting.FindStringSubmatch(line); match != nil {
			if err := conn.QueryRow(ctx, `SELECT current_setting($1, true) IS NOT NULL`, match[1]).Scan(&isKnown); err != nil {
				return nil, fmt.Errorf("database: %w", err)
			}
		}
		if isKnown {
			head.WriteString(line)
		}
		if err != nil || strings.HasPrefix(line, "CREATE ") {
			return io.MultiReader(strings.NewReader(head.String()), script), nil
		}
	}
}
