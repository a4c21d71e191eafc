/* Preloaded by script/test-as: answers each `cpuid` of the patched libraries (now `int3; nop`) as a processor without newer instructions
 * would: MASK_CPU=avx2 hides AVX-512, VNNI and AMX, MASK_CPU=sse4 AVX, FMA and AVX2 too. Bits: Intel's manual, volume 2A, CPUID. */
#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#define BIT(n) (1u << (n))

static int sse4;

static void answer(int signal, siginfo_t *info, void *context) {
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  const unsigned char *next = (unsigned char *)registers[REG_RIP];
  if (next[-1] != 0xCC || next[0] != 0x90) abort(); /* somebody else's trap */
  unsigned leaf = registers[REG_RAX], part = registers[REG_RCX], a, b, c, d;
  __cpuid_count(leaf, part, a, b, c, d);
  if (leaf == 1 && sse4) c &= ~(BIT(12) | BIT(28) | BIT(29)); /* FMA, AVX, F16C */
  if (leaf == 7 && part == 0) {
    b &= ~(BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30) | BIT(31)); /* AVX-512 F DQ IFMA PF ER CD BW VL */
    c &= ~(BIT(1) | BIT(6) | BIT(8) | BIT(9) | BIT(10) | BIT(11) | BIT(12) | BIT(14)); /* VBMI, GFNI, VAES, VPCLMULQDQ, VNNI, ... */
    d &= ~(BIT(2) | BIT(3) | BIT(8) | BIT(22) | BIT(23) | BIT(24) | BIT(25)); /* 4VNNIW, 4FMAPS, VP2INTERSECT, AMX, FP16 */
    if (sse4) b &= ~(BIT(3) | BIT(5) | BIT(8)); /* BMI1, AVX2, BMI2 */
  }
  if (leaf == 7 && part == 1) a &= ~(BIT(4) | BIT(5) | BIT(21) | BIT(22) | BIT(23)), b = c = d = 0; /* AVX-VNNI, BF16, AMX, AVX-IFMA */
  if (leaf == 0xD && part == 0) a &= sse4 ? 3 : 7; /* state the system saves */
  registers[REG_RAX] = a, registers[REG_RBX] = b, registers[REG_RCX] = c, registers[REG_RDX] = d;
  registers[REG_RIP] += 1;
}

__attribute__((constructor)) static void begin(void) {
  struct sigaction action = {.sa_sigaction = answer, .sa_flags = SA_SIGINFO | SA_NODEFER};
  const char *mask = getenv("MASK_CPU");
  sse4 = mask && !strcmp(mask, "sse4");
  sigaction(SIGTRAP, &action, NULL);
}
