using System.Text;
using DevOpsAgent.LogStore.Columns;

namespace DevOpsAgent.LogStore.Documents;

/// <summary>Keeping what was read: all of a document, at once.</summary>
internal sealed partial class DocumentWriter
{
    private void Commit(ReadOnlySpan<byte> json, int doc)
    {
        var shape = -1;
        if (_isPlain)
        {
            var text = new ShapeText(_shape);
            if (!_shapes.TryGetValue(text, out shape))
            {
                shape = -1;
                if (_shapes.Count < MaxShapes)
                {
                    shape = _segment.Shapes.Count;
                    _segment.Shapes.Add([.. _shape.Select(ShapeStep.Unpack)]);
                    _shapes.Add(new([.. _shape]), shape);
                }
            }
        }

        foreach (ref readonly var staged in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_staged))
        {
            var key = staged.Key;
            switch (staged.Kind)
            {
                case StagedKind.Text:
                    key.Texts ??= _segment.AddTexts(key.Path);
                    key.Texts.Add(doc, staged.Start < 0 ? _scratch.AsSpan(~staged.Start, staged.Length) : json.Slice(staged.Start, staged.Length));
                    break;
                case StagedKind.Number:
                    key.Numbers ??= _segment.AddNumbers(key.Path);
                    key.Numbers.Add(doc, staged.Value);
                    break;
                case StagedKind.Nanos when shape >= 0:
                    key.Nanos ??= _segment.AddNumbers(HiddenColumn.Nanos(key.Path));
                    key.Nanos.Add(doc, staged.Value);
                    break;
                case StagedKind.Exact when shape >= 0:
                    key.Exacts ??= _segment.AddNumbers(HiddenColumn.Exact(key.Path));
                    key.Exacts.Add(doc, staged.Value);
                    break;
                case StagedKind.Source when shape >= 0:
                    key.RawTexts ??= _segment.AddTexts(HiddenColumn.Raw(key.Path));
                    key.RawTexts.Add(doc, json.Slice(staged.Start, staged.Length));
                    break;
            }
        }

        if (shape < 0)
        {
            shape = RawShape();
            _segment.AddTexts(HiddenColumn.Document).Add(doc, json);
        }

        foreach (var field in _ignored)
        {
            _segment.AddTexts(HiddenColumn.Ignored).Add(doc, Encoding.UTF8.GetBytes(field.Name));
        }

        if (doc >= _shapeOf.Length)
        {
            Array.Resize(ref _shapeOf, Math.Max(64, _shapeOf.Length * 2));
            _segment.ShapeOf = _shapeOf;
        }

        _shapeOf[doc] = shape;
    }

    private int RawShape()
    {
        var text = new ShapeText([new ShapeStep(ShapeKind.RawDocument, 0).Packed]);
        if (!_shapes.TryGetValue(text, out var shape))
        {
            shape = _segment.Shapes.Count;
            _segment.Shapes.Add([new(ShapeKind.RawDocument, 0)]);
            _shapes.Add(text, shape);
        }

        return shape;
    }
}
