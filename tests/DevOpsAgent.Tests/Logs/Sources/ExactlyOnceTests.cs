using System.Text;

namespace DevOpsAgent.Tests.Logs.Sources;

/// <summary>Random histories of a log: whatever is done to it, each line is given once, in order, also through restarts from the last checkpoint.</summary>
public sealed class ExactlyOnceTests
{
    [Theory]
    [MemberData(nameof(Seeds))]
    public void Each_line_is_given_exactly_once_in_order(int seed)
    {
        using var history = new History(seed);
        history.Begin();
        for (var step = 0; step < 120; step++)
        {
            history.Step();
        }

        history.Finish();
    }

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 80)];

    private sealed class History(int seed) : IDisposable
    {
        private readonly Random _random = new(seed);
        private readonly LogFolder _logs = new();
        private readonly StringBuilder _written = new();
        private readonly StringBuilder _read = new();
        private readonly List<string> _done = [];
        private string _target = "access.log";
        private bool _insideLine;
        private int _line;

        /// <summary>A log that was never read has no past: what was rotated before isn't looked for.</summary>
        public void Begin()
        {
            Append();
            EndLine();
            _read.Append(_logs.Drain());
        }

        public void Step()
        {
            switch (_random.Next(11))
            {
                case <= 2:
                    Append();
                    break;
                case 3:
                    Did("read a block");
                    _read.Append(_logs.Next());
                    break;
                case 4:
                    Did("read");
                    _read.Append(_logs.Drain());
                    break;
                case 5:
                    Did("restart");
                    _logs.Restart();
                    break;
                case 6:
                    RotateByRename();
                    break;
                case 7:
                    CopyTruncate();
                    break;
                case 8:
                    Compress();
                    break;
                default:
                    TruncateOrDeleteWhenRead();
                    break;
            }
        }

        public void Finish()
        {
            EndLine();
            _target = "access.log";
            Write("last\n");
            _read.Append(_logs.Drain());
            var (written, read) = (Lines(_written), Lines(_read));
            var same = written.Zip(read).TakeWhile(pair => pair.First == pair.Second).Count();
            read.Skip(same).Take(2).ShouldBe(written.Skip(same).Take(2), customMessage: Replay(written.Take(same).Sum(l => l.Length + 1)));
        }

        public void Dispose() => _logs.Dispose();

        private void Append()
        {
            for (var i = _random.Next(1, 12); i > 0; i--)
            {
                EndLine();
                Write($"line {_line++} {new string('x', _random.Next(60))}\n");
            }

            if (_random.Next(4) == 0)
            {
                Write($"line {_line++} in ");
                _insideLine = true;
            }
        }

        /// <summary>As logrotate with "create" does it: the writer goes on in the old file until it is told.</summary>
        private void RotateByRename()
        {
            if (_target != "access.log")
            {
                EndLine();
                _target = "access.log";
                Did("reopen");
                return;
            }

            if (!File.Exists(_logs.Log))
            {
                return;
            }

            Shift();
            _logs.Rename("access.log", "access.log.1");
            Did("rename");
            if (_random.Next(2) == 0)
            {
                _logs.Append("");
                Did("create");
            }

            _target = "access.log.1";
        }

        private void CopyTruncate()
        {
            if (Ready())
            {
                Shift();
                _logs.CopyTruncate("access.log.1");
                Did("copytruncate");
            }
        }

        private void Compress()
        {
            for (var number = 60; number > (_target == "access.log" ? 0 : 1); number--)
            {
                if (File.Exists(_logs.At($"access.log.{number}")))
                {
                    Did($"compress {number}");
                    _logs.Compress($"access.log.{number}");
                    return;
                }
            }
        }

        private void TruncateOrDeleteWhenRead()
        {
            if (!Ready())
            {
                return;
            }

            _read.Append(_logs.Drain());
            if (_random.Next(2) == 0)
            {
                Did("read, truncate");
                _logs.Truncate();
            }
            else
            {
                Did("read, delete");
                File.Delete(_logs.Log);
            }

            Append();
            EndLine();
            _read.Append(_logs.Drain());
        }

        /// <summary>The log has text, and nobody is inside a line or in another file.</summary>
        private bool Ready()
        {
            if (_target != "access.log")
            {
                return false;
            }

            EndLine();
            return File.Exists(_logs.Log) && new FileInfo(_logs.Log).Length > 0;
        }

        private void Shift()
        {
            for (var number = 60; number > 0; number--)
            {
                foreach (var end in new[] { "", ".gz" })
                {
                    if (File.Exists(_logs.At($"access.log.{number}{end}")))
                    {
                        _logs.Rename($"access.log.{number}{end}", $"access.log.{number + 1}{end}");
                    }
                }
            }
        }

        private void EndLine()
        {
            if (_insideLine)
            {
                _insideLine = false;
                Write("two parts\n");
            }
        }

        private void Write(string text)
        {
            Did($"write {text.Length} to {_target}");
            _logs.AppendTo(_target, text);
            _written.Append(text);
        }

        private void Did(string what) => _done.Add(what);

        /// <summary>The end of the history up to a while after this many bytes were written.</summary>
        private string Replay(int bytes)
        {
            var sum = 0;
            var upTo = _done.FindIndex(d => (sum += d.StartsWith("write ", StringComparison.Ordinal) ? int.Parse(d.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture) : 0) > bytes);
            return string.Join(", ", _done.Skip(upTo - 40).Take(120));
        }

        private static string[] Lines(StringBuilder text) => text.ToString().Split('\n');
    }
}
