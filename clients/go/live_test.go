package alphapulse

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// liveMesh is a registry, an execution and a relay as real processes, started by the first test that
// wants them (tests/support/alphapulse_testing/client_mesh.py).
type liveMesh struct {
	Registry, Relay, Execution string

	process *exec.Cmd
	input   io.WriteCloser
	output  *bufio.Scanner
}

var (
	liveOnce sync.Once
	liveOne  *liveMesh
	liveErr  error
)

func TestMain(m *testing.M) {
	code := m.Run()
	if liveOne != nil {
		liveOne.input.Close()
		if err := liveOne.process.Wait(); err != nil {
			fmt.Fprintln(os.Stderr, "client_mesh:", err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

const root = "../.."

func live(t *testing.T) *liveMesh {
	t.Helper()
	python, err := filepath.Abs(root + "/.venv/bin/python")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(python); err != nil {
		t.Skip("no real mesh to test against: make setup")
	}
	liveOnce.Do(func() { liveOne, liveErr = startLive(python) })
	if liveErr != nil {
		t.Fatal(liveErr)
	}
	return liveOne
}

func startLive(python string) (*liveMesh, error) {
	support, err := filepath.Abs(root + "/tests/support")
	if err != nil {
		return nil, err
	}
	mesh := &liveMesh{process: exec.Command(python, "-m", "alphapulse_testing.client_mesh")}
	mesh.process.Env = append(os.Environ(), "PYTHONPATH="+support)
	mesh.process.Stderr = os.Stderr
	output, err := mesh.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if mesh.input, err = mesh.process.StdinPipe(); err != nil {
		return nil, err
	}
	if err := mesh.process.Start(); err != nil {
		return nil, err
	}
	mesh.output = bufio.NewScanner(output)
	return mesh, mesh.answer(mesh)
}

func (m *liveMesh) answer(into any) error {
	if !m.output.Scan() {
		return fmt.Errorf("client_mesh ended: %w", m.process.Wait())
	}
	return json.Unmarshal(m.output.Bytes(), into)
}

// do runs one command of client_mesh.
func (m *liveMesh) do(t *testing.T, command map[string]any) (answer struct{ Published uint64 }) {
	t.Helper()
	if err := json.NewEncoder(m.input).Encode(command); err != nil {
		t.Fatal(err)
	}
	if err := m.answer(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func connect(t *testing.T, target string) *Mesh {
	t.Helper()
	mesh, err := Connect(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mesh.Close() })
	return mesh
}

// patience is for what a loaded machine may take long over.
const patience = 90 * time.Second
