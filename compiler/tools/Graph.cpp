// Graph.cpp - a program's operations as a picture: plain SVG, or text for Graphviz.
//
// Values flow downwards. A node stands one row below the lowest that it reads; what is read once only, a weight, right
// above its reader. Constants are not drawn.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/frontend/Types.h"
#include "compiler/tools/Inspect.h"
#include <algorithm>
#include <map>

namespace batten {
namespace {

struct Node {
  enum Kind { Argument, Weight, Operation, Result };
  Kind kind;
  std::string label, layer;
  bool mixes = false; ///< over batch
  size_t row = 0;
  double x = 0, width = 0; ///< of its middle
};

struct Edge {
  size_t from, to;
  std::string type;
};

struct Graph {
  std::string title;
  std::vector<Node> nodes;
  std::vector<Edge> edges;
};

class GraphReader {
public:
  explicit GraphReader(const frontend::Function &function) : function(function) {}

  Graph read() {
    graph.title = function.signature;
    for (const frontend::Argument &argument : function.arguments) {
      std::string name = argument.weight || argument.tree.empty() ? argument.name : argument.name + "." + argument.path;
      maker[argument.value] = add(argument.weight ? Node::Weight : Node::Argument, name);
    }
    for (const frontend::Op &op : function.ops)
      if (!op.operands.empty())
        addOperation(op);
    for (size_t i = 0; i < function.results.size(); ++i)
      connect(function.results[i], add(Node::Result, function.results.size() > 1 ? "out" + std::to_string(i) : "out"));
    for (const frontend::Argument &argument : function.arguments)
      if (argument.inout)
        connect(argument.updated, add(Node::Result, argument.name));
    lowerWeights();
    return std::move(graph);
  }

private:
  const frontend::Function &function;
  Graph graph;
  std::map<int, size_t> maker; // value -> node

  size_t add(Node::Kind kind, const std::string &label) {
    graph.nodes.push_back({kind, label, "", false, 0, 0, 0});
    return graph.nodes.size() - 1;
  }

  void addOperation(const frontend::Op &op) {
    std::string label = op.name;
    for (const auto &[name, value] : op.attributes) // which reduction, which comparison
      if (const auto *text = std::get_if<std::string>(&value))
        label += " " + *text;
    size_t node = add(Node::Operation, label);
    graph.nodes[node].layer = op.layer;
    graph.nodes[node].mixes = op.name == "reduce_batch";
    for (int operand : op.operands)
      connect(operand, node);
    for (int result : op.results)
      maker[result] = node;
  }

  void connect(int value, size_t to) {
    auto from = maker.find(value);
    if (from == maker.end())
      return; // a constant
    graph.edges.push_back({from->second, to, function.values[size_t(value)].str()});
    graph.nodes[to].row = std::max(graph.nodes[to].row, graph.nodes[from->second].row + 1);
  }

  void lowerWeights() {
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
      if (graph.nodes[i].kind != Node::Weight)
        continue;
      size_t first = SIZE_MAX;
      for (const Edge &edge : graph.edges)
        if (edge.from == i)
          first = std::min(first, graph.nodes[edge.to].row);
      graph.nodes[i].row = first == SIZE_MAX ? 0 : first - 1;
    }
  }
};

std::vector<Graph> graphsOf(const frontend::Program &program) {
  std::vector<Graph> graphs;
  for (const frontend::Function &function : program.functions)
    graphs.push_back(GraphReader(function).read());
  return graphs;
}

//===- SVG --------------------------------------------------------------------------------------------------------===//

constexpr double rowHeight = 84, boxHeight = 34, gapWidth = 36, margin = 24, characterWidth = 7.3, titleHeight = 40;

std::string escaped(const std::string &text) {
  std::string out;
  for (char c : text)
    out += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : c == '"' ? "&quot;" : std::string(1, c);
  return out;
}

std::string number(double value) {
  char text[32];
  snprintf(text, sizeof text, "%.1f", value);
  return text;
}

/// Gives every node its place within its row; the size of the whole picture.
std::pair<double, double> place(Graph &graph) {
  std::map<size_t, std::vector<Node *>> rows;
  for (Node &node : graph.nodes) {
    node.width = characterWidth * double(std::max(node.label.size(), node.layer.size())) + 24;
    rows[node.row].push_back(&node);
  }
  double width = characterWidth * double(graph.title.size());
  for (auto &[row, nodes] : rows) {
    double x = 0;
    for (Node *node : nodes) {
      node->x = x + node->width / 2;
      x += node->width + gapWidth;
    }
    width = std::max(width, x);
  }
  for (auto &[row, nodes] : rows) { // in the middle
    double used = nodes.back()->x + nodes.back()->width / 2;
    for (Node *node : nodes)
      node->x += margin + (width - used) / 2;
  }
  return {width + 2 * margin, titleHeight + double(rows.empty() ? 0 : rows.rbegin()->first + 1) * rowHeight};
}

std::string drawEdge(const Graph &graph, const Edge &edge, double top) {
  const Node &from = graph.nodes[edge.from], &to = graph.nodes[edge.to];
  double y0 = top + double(from.row) * rowHeight + boxHeight, y1 = top + double(to.row) * rowHeight;
  std::string middle = number((y0 + y1) / 2), x0 = number(from.x), x1 = number(to.x);
  return "<path d=\"M" + x0 + " " + number(y0) + " C" + x0 + " " + middle + " " + x1 + " " + middle + " " + x1 + " " +
         number(y1) + "\"/>\n<text class=\"type\" x=\"" + number((from.x + to.x) / 2) + "\" y=\"" +
         number((y0 + y1) / 2 + 3) + "\">" + escaped(edge.type) + "</text>\n";
}

std::string drawNode(const Node &node, double top) {
  static const char *const classes[] = {"argument", "weight", "operation", "result"};
  double y = top + double(node.row) * rowHeight;
  std::string text = "<rect class=\"" + std::string(node.mixes ? "mixes" : classes[node.kind]) + "\" x=\"" +
                     number(node.x - node.width / 2) + "\" y=\"" + number(y) + "\" width=\"" + number(node.width) +
                     "\" height=\"" + number(boxHeight) + "\" rx=\"5\"/>\n";
  double baseline = y + boxHeight / 2 + (node.layer.empty() ? 4 : -1);
  text += "<text x=\"" + number(node.x) + "\" y=\"" + number(baseline) + "\">" + escaped(node.label) + "</text>\n";
  if (!node.layer.empty())
    text += "<text class=\"layer\" x=\"" + number(node.x) + "\" y=\"" + number(baseline + 12) + "\">" +
            escaped(node.layer) + "</text>\n";
  return text;
}

const char *style = R"(<style>
text { font: 12px monospace; text-anchor: middle; fill: #222 }
.title { font-weight: bold; text-anchor: start }
.layer, .type { font-size: 10px; fill: #666 }
rect { fill: #fff; stroke: #555 }
.argument, .result { fill: #eef4fb }
.weight { fill: #f6f1e3 }
.mixes { fill: #fbdcdc; stroke: #c00; stroke-width: 2 }
path { fill: none; stroke: #999 }
@media (prefers-color-scheme: dark) {
  text { fill: #ddd } .layer, .type { fill: #999 } rect { fill: #222; stroke: #999 }
  .argument, .result { fill: #1d2a38 } .weight { fill: #332d1c } .mixes { fill: #501818; stroke: #f55 }
}
</style>
)";

} // namespace

std::string graphAsSvg(const frontend::Program &program) {
  std::string body;
  double width = 0, top = margin;
  for (Graph &graph : graphsOf(program)) {
    auto [graphWidth, height] = place(graph);
    width = std::max(width, graphWidth);
    body += "<text class=\"title\" x=\"" + number(margin) + "\" y=\"" + number(top + 8) + "\">" + escaped(graph.title) +
            "</text>\n";
    for (const Edge &edge : graph.edges)
      body += drawEdge(graph, edge, top + titleHeight);
    for (const Node &node : graph.nodes)
      body += drawNode(node, top + titleHeight);
    top += height + margin;
  }
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(width) + "\" height=\"" + number(top) + "\">\n" +
         style + body + "</svg>\n";
}

//===- Graphviz ---------------------------------------------------------------------------------------------------===//

std::string graphAsDot(const frontend::Program &program) {
  std::string text = "digraph " + frontend::jsonString(program.name) + " {\nnode [shape=box fontname=monospace]\n";
  size_t count = 0;
  for (const Graph &graph : graphsOf(program)) {
    std::string prefix = "n" + std::to_string(count) + "_";
    text += "subgraph cluster_" + std::to_string(count++) + " {\nlabel=" + frontend::jsonString(graph.title) + "\n";
    for (size_t i = 0; i < graph.nodes.size(); ++i) {
      const Node &node = graph.nodes[i];
      std::string label = node.label + (node.layer.empty() ? "" : " (" + node.layer + ")");
      text += prefix + std::to_string(i) + " [label=" + frontend::jsonString(label) +
              (node.mixes                     ? " color=red style=filled fillcolor=mistyrose"
               : node.kind == Node::Operation ? ""
                                              : " style=rounded") +
              "]\n";
    }
    for (const Edge &edge : graph.edges)
      text += prefix + std::to_string(edge.from) + " -> " + prefix + std::to_string(edge.to) +
              " [label=" + frontend::jsonString(edge.type) + "]\n";
    text += "}\n";
  }
  return text + "}\n";
}

} // namespace batten
