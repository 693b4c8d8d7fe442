/* main.c - a C program that asks a model how well it does: the loss of each sample, and of the batch.
 * Parameters are an argument here, not weights of the program: training will write them.
 * Usage: main FOLDER, which holds the inputs, weights and reference results (examples/run.sh makes them).
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "example.h"
#include "loss.h"

static loss_Mlp_params_in load(const char *folder) {
  batten_error error = {0, ""};
  batten_safetensors *file;
  example_check(batten_safetensors_open(example_path(folder, "train.safetensors"), &file, &error), "weights", &error);
  const loss_Mlp_params_in p = {example_weight(file, "w1"), example_weight(file, "b1"), example_weight(file, "w2"),
                                example_weight(file, "b2")};
  return p;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  batten_error error = {0, ""};
  const loss_program *program;
  example_check(loss_bind(example_room(LOSS_BYTES), LOSS_BYTES, &program, &error), "loss_bind", &error);
  const loss_Mlp_params_in p = load(argv[1]);
  const batten_tensor x = example_load(example_path(argv[1], "train.x.npy"));
  const batten_tensor y = example_load(example_path(argv[1], "train.y.npy"));
  const int64_t B = x.sizes[0], each = loss_losses_workspace(B), all = loss_loss_workspace(B);
  const int64_t bytes = each > all ? each : all;
  void *workspace = example_room(bytes);
  batten_tensor losses = {0}, loss = {0};
  example_check(batten_tensor_make(BATTEN_F32, 1, &B, example_room(B * 4), &losses, &error), "losses", &error);
  example_check(batten_tensor_make(BATTEN_F32, 0, NULL, example_room(4), &loss, &error), "loss", &error);
  batten_call call = {sizeof call, 1, NULL, NULL, NULL, &error, NULL};
  example_check(loss_losses(program, B, &p, x.data, y.data, losses.data, workspace, bytes, &call), "losses", &error);
  example_check(loss_loss(program, B, &p, x.data, y.data, loss.data, workspace, bytes, &call), "loss", &error);

  double us;
  EXAMPLE_MICROSECONDS(us, loss_losses(program, B, &p, x.data, y.data, losses.data, workspace, bytes, NULL));
  example_report("loss_losses", &losses, example_path(argv[1], "train.losses.npy"), us);
  EXAMPLE_MICROSECONDS(us, loss_loss(program, B, &p, x.data, y.data, loss.data, workspace, bytes, NULL));
  example_report("loss_loss", &loss, example_path(argv[1], "train.loss.npy"), us);
  return 0;
}
