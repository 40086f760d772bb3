package torture

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"parley/cmd/parley/lab"
)

// Process is the run's handle of the oracle's process, which decides whether Parley worked correctly in a test run. They
// exchange lines of JSON: a Request on the process's standard input, an Answer on its standard output. A Process must not
// be used concurrently.
type Process struct {
	process  *lab.Process
	in       *os.File // the run's end of the process's standard input
	out      *os.File // the run's end of its standard output
	requests *json.Encoder
	answers  *json.Decoder
}

// Start starts the oracle, as "program torture --oracle". log is the path of its log file.
func Start(program, log string) (*Process, error) {
	oracleIn, in, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("torture: oracle: standard input: %w", err)
	}

	out, oracleOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("torture: oracle: standard output: %w", err), oracleIn.Close(), in.Close())
	}

	process, err := lab.Start(lab.Spec{
		Name:    "oracle",
		Program: []string{program, "torture", "--oracle"},
		Env:     lab.CleanEnv(),
		Log:     log,
		Stdin:   oracleIn,
		Stdout:  oracleOut,
	})
	err = errors.Join(err, oracleIn.Close(), oracleOut.Close())
	if err != nil {
		return nil, errors.Join(err, in.Close(), out.Close())
	}

	return &Process{
		process:  process,
		in:       in,
		out:      out,
		requests: json.NewEncoder(in),
		answers:  json.NewDecoder(out),
	}, nil
}

// SetUp tells the oracle the addresses of the emulators. It must be called before Ask.
func (p *Process) SetUp(s Setup) error {
	_, err := p.Ask(Request{Setup: &s})
	return err
}

// Ask sends a request and waits for the answer. It returns an error if the oracle has ended or could not observe the
// emulators.
func (p *Process) Ask(request Request) (Answer, error) {
	var answer Answer
	if err := p.requests.Encode(request); err != nil {
		return answer, fmt.Errorf("torture: oracle: send a request: %w", err)
	}
	if err := p.answers.Decode(&answer); err != nil {
		return answer, fmt.Errorf("torture: oracle: read an answer: %w", err)
	}
	if answer.Err != "" {
		return answer, errors.New(answer.Err)
	}
	return answer, nil
}

// End ends the process.
func (p *Process) End() {
	_, _ = p.in.Close(), p.out.Close() // ignore errors, since the process is ended next
	p.process.End()
}
