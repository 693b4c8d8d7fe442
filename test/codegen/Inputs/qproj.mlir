// The plan of examples/qproj.btn, whose launch stands for all: a program without weights.
module attributes {batten.program = "qproj", batten.program_bytes = 64 : i64, batten.level = "x86-64-v3",
                   batten.source_hash = "1f0c9a77", batten.source = "qproj.btn"} {
  batten.plan @q_proj[B, T] kind "entry" attributes {
      c_name = "q_proj", signature = "pub fn q_proj(x: f32[B, T | 512], wq: f32[| 512, 64]) -> f32[B, T | 64]",
      independent = ["B", "T"],
      arguments = [#batten.argument<name = "x", type = !batten.tensor<f32[B, T | 512]>, kind = input>,
                   #batten.argument<name = "wq", type = !batten.tensor<f32[| 512, 64]>, kind = input>,
                   #batten.argument<name = "out", type = !batten.tensor<f32[B, T | 64]>, kind = result>]} {
  ^bb0(%x: !batten.pointer, %wq: !batten.pointer, %out: !batten.pointer):
    %scratch = batten.buffer "24576"
    batten.launch @product range "B*T" work "1000000000" sizes [] scratch "24576" in %scratch (%x, %wq, %out)
  }
}
